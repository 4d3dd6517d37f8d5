import { once } from 'node:events';
import { createSrf } from '../../edge-node/signaling/drachtio/srf.ts';
import type { SipTls } from '../drachtio/drachtio-config.ts';
import { startSipServer } from '../sip/sip-server.ts';
import { openRtpEndpoint, type RtpReport } from './rtp-endpoint.ts';

/** A carrier with a SIP stack of its own: answers OPTIONS, takes calls and sends back what it hears. */
export interface Carrier extends AsyncDisposable {
  readonly port: number;
  /** Where it has a certificate. */
  readonly tlsPort: number | undefined;
  /** Numbers that were called here, in order. */
  readonly called: readonly string[];
  /** Final status of every INVITE from now on; 200 takes the call. */
  refuses(status: number): void;
  report(): Promise<RtpReport>;
}

/** With a certificate it takes TLS, too, on any free port. */
export async function startCarrier(port: number, host = '127.0.0.1', tls?: SipTls): Promise<Carrier> {
  const secret = 'a carrier of its own';
  const server = await startSipServer({
    admin: { host: '127.0.0.1', port: 0, secret },
    contacts: [`sip:${host}:${port};transport=udp,tcp`, ...(tls ? [`sips:${host}:0;transport=tls`] : [])],
    ...(tls ? { tls } : {}),
  });
  const rtp = await openRtpEndpoint({ echo: true });
  const srf = createSrf();
  const called: string[] = [];
  let status = 200;
  srf.options((_request, response) => response.send(200));
  srf.invite((request, response) => {
    called.push(/^sip:([^@]+)@/.exec(request.uri)?.[1] ?? request.uri);
    if (status !== 200) return response.send(status);
    srf.createUAS(request, response, { localSdp: sdp(rtp.port) }, () => undefined);
  });
  srf.on('error', () => undefined);
  const { host: adminHost, port: adminPort } = server.admin;
  srf.connect({ host: adminHost, port: adminPort, secret, reconnect: { maxAttempts: 1 } });
  await once(srf as never, 'connect');
  return {
    port,
    tlsPort: server.contacts.find(({ transport }) => transport === 'tls')?.port,
    called,
    refuses: (next) => {
      status = next;
    },
    report: () => rtp.report(),
    async [Symbol.asyncDispose]() {
      srf.disconnect();
      await server[Symbol.asyncDispose]();
      await rtp[Symbol.asyncDispose]();
    },
  };
}

const sdp = (port: number) => `v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio ${port} RTP/AVP 0 101\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:101 telephone-event/8000\r
`;
