import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPeer } from '../local/child-process.ts';
import { freePort } from '../local/free-ports.ts';

const host = '127.0.0.1';

const sdpOf = (version = 1, more = '') => `v=0
o=- 1 ${version} IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [auto_media_port] RTP/AVP 0 101
a=rtpmap:101 telephone-event/8000
${more}`;
const sdp = sdpOf();

const head = (
  method: string,
  cseq: number,
  to: string,
) => `${method} sip:+15550100@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:+15550199@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:+15550100@[remote_ip]:[remote_port]>${to}
Call-ID: [call_id]
CSeq: ${cseq} ${method}
Contact: <sip:+15550199@[local_ip]:[local_port]>
Max-Forwards: 70
`;

const send = (message: string, attributes = '') => `<send ${attributes}><![CDATA[\n${message}\n]]></send>`;
const empty = 'Content-Length: 0\n\n';

/** What a caller asks for during its call: another version of its SDP, or hold and resume by turns. */
export type Change = 'another version' | 'hold and resume';

const BETWEEN_CHANGES_MS = 100;

function changesOf({ kind, times }: NonNullable<Load['changes']>): string {
  const changes = Array.from({ length: times }, (_, index) => {
    const direction = kind === 'another version' || index % 2 === 1 ? 'sendrecv' : 'sendonly';
    const body = sdpOf(index + 2, `a=${direction}\n`);
    const request = `${head('INVITE', index + 2, '[peer_tag_param]')}Content-Type: application/sdp\nContent-Length: [len]\n\n${body}`;
    return `<pause milliseconds="${BETWEEN_CHANGES_MS}"/>
${send(request, 'retrans="500" start_rtd="2"')}
<recv response="100" optional="true"/>
<recv response="200" rtd="2" repeat_rtd="true"/>
${send(`${head('ACK', index + 2, '[peer_tag_param]')}${empty}`)}`;
  });
  return changes.join('\n');
}

const caller = ({
  holdMs,
  changes,
}: Pick<Load, 'holdMs' | 'changes'>) => `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="load">
${send(`${head('INVITE', 1, '')}Content-Type: application/sdp\nContent-Length: [len]\n\n${sdp}`, 'retrans="500" start_rtd="1"')}
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rtd="1"/>
${send(`${head('ACK', 1, '[peer_tag_param]')}${empty}`)}
${changes ? changesOf(changes) : ''}
<pause milliseconds="${holdMs}"/>
${send(`${head('BYE', 2 + (changes?.times ?? 0), '[peer_tag_param]')}${empty}`, 'retrans="500"')}
<recv response="200"/>
</scenario>
`;

const echoed =
  '[last_Via:]\n[last_From:]\n[last_To:];tag=[pid]t[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n';
const again = '[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n';
const contact = 'Contact: <sip:agent@[local_ip]:[local_port]>\n';

const callee = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="answer">
<recv request="INVITE"/>
${send(`SIP/2.0 180 Ringing\n${echoed}${contact}${empty}`)}
${send(`SIP/2.0 200 OK\n${echoed}${contact}Content-Type: application/sdp\nContent-Length: [len]\n\n${sdp}`, 'retrans="500"')}
<recv request="ACK"/>
<label id="1"/>
<recv request="INVITE" optional="true" next="2"/>
<recv request="BYE" next="3"/>
<label id="2"/>
${send(`SIP/2.0 200 OK\n${again}${contact}Content-Type: application/sdp\nContent-Length: [len]\n\n${sdp}`, 'retrans="500"')}
<recv request="ACK" next="1"/>
<label id="3"/>
${send(`SIP/2.0 200 OK\n${again}${empty}`)}
</scenario>
`;

/** An agent that answers every call, and every re-INVITE, at once. */
export async function startCallee(): Promise<AsyncDisposable & { readonly port: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-callee-'));
  const port = await freePort();
  await writeFile(join(folder, 'callee.xml'), callee);
  const args = [
    '-sf',
    'callee.xml',
    '-i',
    host,
    '-p',
    String(port),
    '-ci',
    host,
    '-cp',
    String(await freePort()),
  ];
  const peer = await startPeer('sipp', [...args, '-nostdin'], { package: 'sip-tester', cwd: folder });
  return {
    port,
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Load {
  readonly target: { readonly host: string; readonly port: number };
  readonly calls: number;
  readonly perSecond: number;
  readonly holdMs: number;
  /** Re-INVITEs of each call. */
  readonly changes?: { readonly kind: Change; readonly times: number };
}

export interface LoadResult {
  readonly seconds: number;
  readonly failed: number;
  /** INVITE sent to 200 received, ms, one for each answered call. */
  readonly setupMs: readonly number[];
  /** Re-INVITE sent to 200 received, ms. */
  readonly changeMs: readonly number[];
}

/** Places calls at a steady rate; resolves when the last one is over. */
export async function placeLoad({ target, calls, perSecond, holdMs, changes }: Load): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-load-'));
  await writeFile(join(folder, 'load.xml'), caller({ holdMs, ...(changes ? { changes } : {}) }));
  const rate = ['-r', String(perSecond), '-m', String(calls), '-l', String(calls)];
  const local = ['-i', host, '-p', String(await freePort()), '-ci', host, '-cp', String(await freePort())];
  const traces = [
    '-trace_rtt',
    '-rtt_freq',
    '1',
    '-trace_stat',
    '-fd',
    '1',
    '-nostdin',
    '-recv_timeout',
    '20000',
  ];
  const args = [`${target.host}:${target.port}`, '-sf', 'load.xml', ...local, ...rate, ...traces];
  const started = performance.now();
  const peer = await startPeer('sipp', args, { package: 'sip-tester', cwd: folder });
  await peer.ended;
  const seconds = (performance.now() - started) / 1000;
  const { setup: setupMs, change: changeMs } = await responseTimes(folder);
  await rm(folder, { recursive: true, force: true });
  return { seconds, failed: calls - setupMs.length, setupMs, changeMs };
}

/** `date;response time;number of the timer`. */
async function responseTimes(
  folder: string,
): Promise<{ readonly setup: number[]; readonly change: number[] }> {
  const file = (await readdir(folder)).find((name) => name.endsWith('_rtt.csv'));
  const lines = file ? (await readFile(join(folder, file), 'utf8')).trim().split('\n').slice(1) : [];
  const measured = lines
    .map((line) => line.split(';'))
    .map(([, ms, timer = '']) => ({ ms: Number(ms), timer: timer.trim() }));
  const of = (timer: string) =>
    measured.filter((each) => each.timer === timer && Number.isFinite(each.ms)).map(({ ms }) => ms);
  return { setup: of('1'), change: of('2') };
}
