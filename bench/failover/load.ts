import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Peer, startPeer } from '../../local/child-process.ts';
import { freePort, freePortPair } from '../../local/free-ports.ts';
import { type PlacedInvite, readShortMessages } from './short-messages.ts';

type Place = { readonly host: string; readonly port: number };

const sdp = `v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [auto_media_port] RTP/AVP 0 101
a=rtpmap:101 telephone-event/8000
`;
const send = (message: string, attributes = '') => `<send ${attributes}><![CDATA[\n${message}\n]]></send>`;
const empty = 'Content-Length: 0\n\n';
const withSdp = `Content-Type: application/sdp\nContent-Length: [len]\n\n${sdp}`;

const request = (line: string, cseq: string, to: string) => `${line} SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:+15550199@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>${to}
Call-ID: [call_id]
CSeq: ${cseq}
Contact: <sip:+15550199@[local_ip]:[local_port]>
Max-Forwards: 70
`;

/** Calls over an outbound proxy: from the 200 on, requests go the way that its Record-Route tells (RFC 3261 §12.1.2). */
const caller = (holdMs: number) => `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="caller">
${send(`${request('INVITE sip:[service]@[remote_ip]:[remote_port]', '1 INVITE', '')}${withSdp}`, 'retrans="500"')}
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
${send(`${request('ACK [next_url]', '1 ACK', '[peer_tag_param]')}[routes]\n${empty}`)}
<pause milliseconds="${holdMs}"/>
${send(`${request('BYE [next_url]', '2 BYE', '[peer_tag_param]')}[routes]\n${empty}`, 'retrans="500"')}
<recv response="200"/>
</scenario>
`;

const echoed =
  '[last_Via:]\n[last_From:]\n[last_To:];tag=[pid]t[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n';
const contact = 'Contact: <sip:carrier@[local_ip]:[local_port]>\n';

/** Answers OPTIONS and calls alike. */
const carrier = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="carrier">
<recv request="OPTIONS" optional="true" next="over"/>
<recv request="INVITE"/>
${send(`SIP/2.0 180 Ringing\n${echoed}${contact}${empty}`)}
${send(`SIP/2.0 200 OK\n${echoed}${contact}${withSdp}`, 'retrans="500"')}
<recv request="ACK"/>
<recv request="BYE" next="over"/>
<label id="over"/>
${send(`SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n${empty}`)}
</scenario>
`;

async function sipp(folder: string, { host, port }: Place, scenario: string, more: readonly string[]) {
  await writeFile(join(folder, 'scenario.xml'), scenario);
  const control = ['-ci', '127.0.0.1', '-cp', await freePort()];
  const ports = ['-p', port, ...control, '-mp', await freePortPair()].map(String);
  const args = [...more, '-sf', 'scenario.xml', '-i', host, ...ports, '-nostdin'];
  return startPeer('sipp', args, { package: 'sip-tester', cwd: folder });
}

/** For what is still being set up when the load ends, ms: longer than the carrier waits for an answer. */
const STRAGGLERS_MS = 45_000;

export interface CarrierPeer extends AsyncDisposable, Place {
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

/** A carrier that we call: it answers every call at once, and hangs up none. */
export async function startCarrierPeer(host: string): Promise<CarrierPeer> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-carrier-'));
  const port = await freePort();
  const start = () => sipp(folder, { host, port }, carrier, []);
  let peer = await start();
  return {
    host,
    port,
    async kill9() {
      peer.process.kill('SIGKILL');
      await peer.ended;
    },
    async restart() {
      peer = await start();
    },
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Load extends AsyncDisposable {
  /** Places no more calls, lets those that are up end, and tells what became of each. */
  finish(): Promise<readonly PlacedInvite[]>;
}

export interface LoadOptions {
  readonly via: Place;
  readonly from: string;
  readonly number: string;
  readonly perSecond: number;
  readonly holdMs: number;
}

/** Calls at a steady rate until told to finish. */
export async function startLoad({ via, from, number, perSecond, holdMs }: LoadOptions): Promise<Load> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-load-'));
  const rate = ['-r', String(perSecond), '-l', '100000', '-m', '10000000', '-s', number];
  const trace = ['-trace_shortmsg', '-shortmessage_file', 'messages.log', '-recv_timeout', '60000'];
  const place = { host: from, port: await freePort() };
  const target = `${via.host}:${via.port}`;
  const peer = await sipp(folder, place, caller(holdMs), [target, ...rate, ...trace]);
  return {
    async finish() {
      // sipp's own way to end: no new calls, then it waits for those that are up.
      peer.process.kill('SIGUSR1');
      await within(peer, holdMs + STRAGGLERS_MS);
      return readShortMessages(await readFile(join(folder, 'messages.log'), 'utf8'));
    },
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function within(peer: Peer, ms: number): Promise<void> {
  const late = setTimeout(() => peer.process.kill('SIGTERM'), ms);
  await peer.ended;
  clearTimeout(late);
}
