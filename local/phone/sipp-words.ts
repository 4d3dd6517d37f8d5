import type { ChangeScript } from './scenario.ts';

export interface Spoken {
  readonly version?: number;
  readonly direction?: ChangeScript['direction'];
  readonly nowhere?: boolean | undefined;
}

/** Payload type and rtpmap of each codec that our phones name (RFC 3551 §6, RFC 7587 §7). */
const spokenCodecs = {
  PCMU: [0, 'PCMU/8000'],
  PCMA: [8, 'PCMA/8000'],
  G722: [9, 'G722/8000'],
  G729: [18, 'G729/8000'],
  opus: [111, 'opus/48000/2'],
} as const;
export type SpokenCodec = keyof typeof spokenCodecs;

export const sdp = (
  port: number,
  codec: SpokenCodec,
  { version = 1, direction = 'sendrecv', nowhere = false }: Spoken = {},
) => {
  const [type, name] = spokenCodecs[codec];
  return `v=0
o=- 1 ${version} IN IP4 [local_ip]
s=-
c=IN IP4 ${nowhere ? '0.0.0.0' : '[local_ip]'}
t=0 0
m=audio ${port} RTP/AVP ${type} 101
a=rtpmap:${type} ${name}
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
${direction === 'none' ? '' : `a=${direction}\n`}`;
};

/** sipp refuses a variable that is set and never read, and one that is read and never set. */
export function scenario(name: string, steps: readonly string[]): string {
  const noted = steps.some((step) => step.includes('assign_to="whole,port"'));
  const all = [...steps, ...(noted ? ['<Reference variables="whole,port"/>'] : [])];
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="${name}">\n${all.join('\n')}\n</scenario>\n`;
}
export const send = (message: string, attributes = '') =>
  `<send ${attributes}><![CDATA[\n${message}\n]]></send>`;
export const pause = (ms: number) => `<pause milliseconds="${ms}"/>`;
export const withBody = (head: string, body: string) =>
  `${head}Content-Type: application/sdp\nContent-Length: [len]\n\n${body}`;
export const pressedAsInfo = (head: string, key: string) =>
  `${head}Content-Type: application/dtmf-relay\nContent-Length: [len]\n\nSignal=${key}\nDuration=160`;
export const bare = (head: string) => `${head}Content-Length: 0\n\n`;

/** Writes the port of the other side's audio into sipp's log, where we wait for it. */
export const noteRtp = (word: string) => `<action>
  <ereg regexp="m=audio ([0-9]+)" search_in="body" check_it="false" assign_to="whole,port"/>
  <log message="${word} [$port]"/>
</action>`;

/** Keeps a header, or the part of it in brackets, for a request of our own. */
export const keep = (header: string, expression: string, assignTo: string) =>
  `<ereg regexp="${expression}" search_in="hdr" header="${header}:" check_it="true" assign_to="${assignTo}"/>`;

/** RFC 3261 §9.1 and §17.1.1.3: CANCEL, and ACK of a failure, have the branch of their INVITE. */
export const inviteBranch = 'z9hG4bK-[pid]-[call_number]-invite';

export const demand = (header: string) => `<action>${keep(header, '[^ ]+', 'demanded')}</action>`;

export const okTo = (request: string) => [
  `<recv request="${request}"/>`,
  send(bare('SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n')),
];

export const linesOf = (headers: readonly string[] = []) => headers.map((line) => `${line}\n`).join('');
