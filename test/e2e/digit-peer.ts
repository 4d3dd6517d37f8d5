import { openRtpEndpoint, type RtpEndpoint } from '../../local/phone/rtp-endpoint.ts';
import { fresh, type Heard, SipPeer } from '../local/sip/sip-peer.ts';

/** Takes telephone-event in its SDP, or not. */
const sdp = (port: number, events: number | undefined) =>
  [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
    `m=audio ${port} RTP/AVP 0${events === undefined ? '' : ` ${events}`}`,
    ...(events === undefined ? [] : [`a=rtpmap:${events} telephone-event/8000`, `a=fmtp:${events} 0-15`]),
    '',
  ].join('\r\n');

const audioPort = ({ body }: Heard) => Number(/m=audio (\d+)/.exec(body)?.[1]);
const eventType = ({ body }: Heard) =>
  Number(/a=rtpmap:(\d+) telephone-event/i.exec(body)?.[1] ?? Number.NaN);

/** One end of a call, message by message: what it was told in INFO, and what it heard in its audio. */
interface DigitEnd extends AsyncDisposable {
  readonly peer: SipPeer;
  readonly rtp: RtpEndpoint;
  /** Types and bodies of INFO. */
  readonly infos: readonly string[];
}

/** Answers BYE with 200, and INFO, which it writes down. */
function takeInfo(peer: SipPeer, infos: string[]): void {
  void peer.next(/^(INFO|BYE) /).then((request) => {
    if (request.startLine.startsWith('INFO'))
      infos.push(`${request.header('content-type')} ${request.body.trim().replace(/\s+/g, ' ')}`);
    peer.reply(request, '200 OK');
    takeInfo(peer, infos);
  });
}

export interface DigitAgent extends DigitEnd {
  /** Waits for the next call and answers it; what it offered. */
  answer(audio: Int16Array): Promise<Heard>;
}

/** An agent that takes telephone-event as it is offered, unless it takes `events: false`. */
export async function digitAgent(sipPort: number, { events = true } = {}): Promise<DigitAgent> {
  const [peer, rtp] = [await SipPeer.udp(sipPort), await openRtpEndpoint()];
  const infos: string[] = [];
  takeInfo(peer, infos);
  return {
    ...{ peer, rtp, infos },
    async answer(audio) {
      const invite = await peer.next(/^INVITE/);
      const offered = eventType(invite);
      const type = events && Number.isInteger(offered) ? offered : undefined;
      peer.reply(invite, '200 OK', { body: sdp(rtp.port, type) });
      await peer.next(/^ACK/);
      rtp.talk({ host: '127.0.0.1', port: audioPort(invite) }, audio, type);
      return invite;
    },
    [Symbol.asyncDispose]: () => dispose(peer, rtp),
  };
}

export interface DigitCaller extends DigitEnd {
  /** Sends INFO, and sends it again, and gives the status of the answer. */
  info(contentType: string, body: string): Promise<string>;
  hangUp(): Promise<void>;
}

/** A carrier whose call is answered by now. */
export async function digitCaller(
  sipPort: number,
  number: string,
  { audio, events = true }: { readonly audio: Int16Array; readonly events?: boolean },
): Promise<DigitCaller> {
  const [peer, rtp] = [await SipPeer.udp(sipPort), await openRtpEndpoint()];
  const infos: string[] = [];
  takeInfo(peer, infos);
  const callId = fresh('digits-');
  let cseq = 1;
  const request = (method: string, parts: object = {}) =>
    peer.request(method, sipPort, { callId, cseq, uri: `sip:${number}@127.0.0.1:${sipPort}`, ...parts });
  const answerTo = (method: string) =>
    peer.until(
      (heard) => heard.header('cseq') === `${cseq} ${method}` && !/^SIP\/2.0 1/.test(heard.startLine),
    );
  peer.send(request('INVITE', { body: sdp(rtp.port, events ? 101 : undefined) }));
  const answered = await answerTo('INVITE');
  if (!/ 200 /.test(answered.startLine)) throw new Error(`the call was not answered: ${answered.startLine}`);
  const to = answered.header('to');
  peer.send(request('ACK', { to }));
  rtp.talk({ host: '127.0.0.1', port: audioPort(answered) }, audio);
  return {
    ...{ peer, rtp, infos },
    async info(contentType, body) {
      cseq += 1;
      const sent = request('INFO', { to, body }).replace('application/sdp', contentType);
      peer.send(sent);
      // As somebody does to whom the answer comes late (RFC 3261 §17.1.2.2).
      peer.send(sent);
      return (await answerTo('INFO')).startLine;
    },
    async hangUp() {
      cseq += 1;
      peer.send(request('BYE', { to }));
      await answerTo('BYE');
    },
    [Symbol.asyncDispose]: () => dispose(peer, rtp),
  };
}

async function dispose(peer: SipPeer, rtp: RtpEndpoint): Promise<void> {
  await peer[Symbol.asyncDispose]();
  await rtp[Symbol.asyncDispose]();
}
