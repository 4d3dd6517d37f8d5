import { once } from 'node:events';
import {
  createSrf,
  type SrfDialog,
  type SrfRequest,
  type SrfResponse,
} from '../../edge-node/signaling/drachtio/srf.ts';
import { openRtpEndpoint, type RtpEndpoint, type RtpReport } from '../../local/phone/rtp-endpoint.ts';
import { startSipServer } from '../../local/sip/sip-server.ts';

/** One dialog of a {@link ReferPeer}. */
export interface PeerCall {
  readonly dialog: SrfDialog;
  /** Status lines of the NOTIFYs that it got, each with its Subscription-State. */
  readonly notified: readonly string[];
  /** Refer-To of REFERs that it got. */
  readonly referred: readonly string[];
  /** Re-INVITEs that it got. */
  readonly reinvited: () => number;
  /** Resolves when the other side has hung up. */
  readonly over: Promise<void>;
  report(): Promise<RtpReport>;
  /** Status with which its REFER is answered. */
  refer(to: string): Promise<number>;
  /** Says by a re-INVITE that it only sends from now on. */
  hold(): Promise<unknown>;
  hangUp(): Promise<void>;
}

/** Somebody with a SIP stack of its own who may transfer: each of its calls has audio of its own. */
export interface ReferPeer extends AsyncDisposable {
  readonly port: number;
  /** The next call that comes in. */
  next(): Promise<PeerCall>;
  calls(number: string, via: { readonly host: string; readonly port: number }): Promise<PeerCall>;
}

/** It says `audio` in every call, and accepts every REFER: what it is asked for succeeds at once. */
export async function startReferPeer(port: number, audio: Int16Array): Promise<ReferPeer> {
  const secret = 'a peer of its own';
  const contacts = [`sip:127.0.0.1:${port};transport=udp`];
  const server = await startSipServer({ admin: { host: '127.0.0.1', port: 0, secret }, contacts });
  const srf = createSrf();
  const heard: RtpEndpoint[] = [];
  const waiting: ((call: PeerCall) => void)[] = [];

  const audioFor = async () => {
    const rtp = await openRtpEndpoint({ codec: 'PCMU' });
    heard.push(rtp);
    return rtp;
  };

  srf.invite((request, response) => {
    void audioFor().then((rtp) => {
      srf.createUAS(request, response, { localSdp: sdpFor(rtp.port) }, (_error, dialog) => {
        if (!dialog) return;
        talk(rtp, dialog.remote.sdp, audio);
        waiting.shift()?.(wrap(dialog, rtp, audio));
      });
    });
  });
  srf.on('error', () => undefined);
  srf.connect({ host: server.admin.host, port: server.admin.port, secret, reconnect: { maxAttempts: 1 } });
  await once(srf as never, 'connect');
  return {
    port,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    async calls(number, via) {
      const rtp = await audioFor();
      const dialog = await new Promise<SrfDialog>((resolve, reject) => {
        const from = { From: `<sip:+15550188@127.0.0.1:${port}>`, Contact: `<sip:peer@127.0.0.1:${port}>` };
        const options = { localSdp: sdpFor(rtp.port), headers: from };
        const progress = { cbRequest: () => undefined, cbProvisional: () => undefined };
        srf.createUAC(`sip:${number}@${via.host}:${via.port}`, options, progress, (error, made) =>
          made ? resolve(made as SrfDialog) : reject(error as Error),
        );
      });
      talk(rtp, dialog.remote.sdp, audio);
      return wrap(dialog, rtp, audio);
    },
    async [Symbol.asyncDispose]() {
      srf.disconnect();
      await server[Symbol.asyncDispose]();
      for (const rtp of heard) await rtp[Symbol.asyncDispose]();
    },
  };
}

function wrap(dialog: SrfDialog, rtp: RtpEndpoint, audio: Int16Array): PeerCall {
  const notified: string[] = [];
  const referred: string[] = [];
  let reinvited = 0;
  dialog.on('notify', (request: SrfRequest, response: SrfResponse) => {
    response.send(200);
    const state = request.get('subscription-state')?.split(';')[0];
    notified.push(`${request.body?.trim()} ${state}`);
  });
  dialog.on('modify', (request: SrfRequest, response: SrfResponse) => {
    reinvited += 1;
    talk(rtp, request.body ?? '', audio);
    response.send(200, {
      headers: { Contact: dialog.local.contact, 'Content-Type': 'application/sdp' },
      body: dialog.local.sdp,
    });
  });
  dialog.on('refer', (request: SrfRequest, response: SrfResponse) => {
    referred.push(request.get('refer-to') ?? '');
    response.send(202);
    const tell = (state: string, body: string) =>
      dialog.request({
        method: 'NOTIFY',
        headers: {
          ...{ Event: 'refer', 'Subscription-State': state, Contact: dialog.local.contact },
          'Content-Type': 'message/sipfrag',
        },
        body,
      });
    void tell('active;expires=30', 'SIP/2.0 100 Trying\r\n').then(() =>
      tell('terminated;reason=noresource', 'SIP/2.0 200 OK\r\n'),
    );
  });
  const over = new Promise<void>((resolve) => {
    dialog.once('destroy', () => {
      rtp.hush();
      resolve();
    });
  });
  return {
    ...{ dialog, notified, referred, over },
    reinvited: () => reinvited,
    report: () => rtp.report(),
    async refer(to) {
      const headers = { 'Refer-To': to, Contact: dialog.local.contact };
      return (await dialog.request({ method: 'REFER', headers })).status;
    },
    hold: () => changeable(dialog).modify(`${sdpFor(rtp.port).replace('o=- 1 1', 'o=- 1 2')}a=sendonly\r\n`),
    async hangUp() {
      rtp.hush();
      await dialog.destroy({ headers: {} });
    },
  };
}

/** drachtio-srf gives this to every dialog; the edge has no use for it. */
const changeable = (dialog: SrfDialog) => dialog as SrfDialog & { modify(sdp: string): Promise<unknown> };

const talk = (rtp: RtpEndpoint, sdp: string, audio: Int16Array) =>
  rtp.talk({ host: '127.0.0.1', port: Number(/m=audio (\d+)/.exec(sdp)?.[1]) }, audio);

const sdpFor = (port: number) =>
  [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
    ...[`m=audio ${port} RTP/AVP 0 101`, 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', ''],
  ].join('\r\n');
