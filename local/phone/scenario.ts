/** sipp scenarios, made for one call each. Times in ms. */
import {
  bare,
  demand,
  inviteBranch,
  noteRtp,
  okTo,
  pause,
  pressedAsInfo,
  scenario,
  sdp,
  send,
  withBody,
} from './sipp-words.ts';

export interface CallerScript {
  /** Port in the SDP. */
  readonly rtpPort: number;
  readonly codec: 'PCMU' | 'PCMA';
  /** Final status that must come. */
  readonly expect: number;
  /** Header that a failure must have. */
  readonly expectHeader?: string;
  /** From the answer to our BYE; undefined waits for the other side to hang up. */
  readonly talkMs: number | undefined;
  /** CANCEL this long after the INVITE, or at the first 180. */
  readonly cancel?: number | 'when it rings';
  /** No SDP in the INVITE, the answer in the ACK. */
  readonly lateOffer?: boolean;
  /** Supports reliable provisional responses, and PRACKs a 183. */
  readonly reliable?: boolean;
  /** Instead of our SDP. */
  readonly body?: string;
  /** Keys sent as INFO (application/dtmf-relay), 800 ms after the answer; each must come back as INFO before the next. */
  readonly info?: readonly string[];
  readonly headers?: readonly string[];
  readonly from?: string;
  /** What it asks for during the call, one after the other. */
  readonly changes?: readonly ChangeScript[];
}

/** A re-INVITE or an UPDATE. */
export interface ChangeScript {
  /** After the answer, or after the change before. */
  readonly afterMs: number;
  readonly method?: 'INVITE' | 'UPDATE';
  /** Of the o= line; the call begins with 1. */
  readonly version: number;
  readonly direction?: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive' | 'none';
  /** Wants its RTP nowhere: `c=IN IP4 0.0.0.0`. */
  readonly nowhere?: boolean;
  readonly codec?: 'PCMU' | 'PCMA' | 'G729';
  /** No SDP in the INVITE, the answer in the ACK. */
  readonly late?: boolean;
  /** Final status that must come; default 200. */
  readonly expect?: number;
}

const requestHead = (
  method: string,
  cseq: number,
  to: string,
  from: string,
  via = '[branch]',
) => `${method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${via}
From: <sip:${from}@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>${to}
Call-ID: [call_id]
CSeq: ${cseq} ${method}
Contact: <sip:${from}@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
`;

/** A carrier that calls. */
export function callerScenario(script: CallerScript): string {
  const from = script.from ?? '+15550199';
  const offer = script.body ?? sdp(script.rtpPort, script.codec);
  const extra = [...(script.headers ?? []), ...(script.reliable ? ['Supported: 100rel'] : [])]
    .map((line) => `${line}\n`)
    .join('');
  const head = `${requestHead('INVITE', 1, '', from, inviteBranch)}${extra}`;
  const isAnswered = script.cancel === undefined && script.expect < 300;
  const timed = isAnswered ? 'retrans="500" start_rtd="setup"' : 'retrans="500"';
  const invite = send(script.lateOffer ? bare(head) : withBody(head, offer), timed);
  const inDialog = (method: string, cseq: number) => requestHead(method, cseq, '[peer_tag_param]', from);
  const provisional = script.reliable
    ? [
        '<recv response="100" optional="true"/>',
        '<recv response="183" rrs="true"><action><ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/></action></recv>',
        send(bare(`${inDialog('PRACK', 2)}RAck: [$rseq] 1 INVITE\n`), 'retrans="500"'),
        '<recv response="200"/>',
      ]
    : [
        '<recv response="100" optional="true"/>',
        '<recv response="180" optional="true"/>',
        `<recv response="183" optional="true">${noteRtp('EARLY')}</recv>`,
      ];
  const ack = script.lateOffer ? withBody(inDialog('ACK', 1), offer) : bare(inDialog('ACK', 1));
  const pressed = script.info ?? [];
  const changes = script.changes ?? [];
  const firstChange = 2 + pressed.length;
  const bye = (script.reliable ? 3 : 2) + pressed.length + changes.length;
  const answered = [
    `<recv response="200" rtd="setup" rrs="true">${noteRtp('ANSWERED')}</recv>`,
    send(ack),
    ...pressedKeys(pressed, (index) => inDialog('INFO', 2 + index)),
    ...changes.flatMap((change, index) => changed(change, script, firstChange + index, inDialog)),
    ...(script.talkMs === undefined
      ? [
          '<recv request="BYE"/>',
          send(
            bare('SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n'),
          ),
        ]
      : [pause(script.talkMs), send(bare(inDialog('BYE', bye)), 'retrans="500"'), '<recv response="200"/>']),
  ];
  const failed = [
    `<recv response="${script.expect}">${script.expectHeader ? demand(script.expectHeader) : ''}</recv>`,
    ...(script.expectHeader ? ['<Reference variables="demanded"/>'] : []),
    send(bare(requestHead('ACK', 1, '[peer_tag_param]', from, inviteBranch))),
  ];
  const ending =
    script.cancel === undefined ? (isAnswered ? answered : failed) : cancelled(script.cancel, from);
  return scenario('carrier', [invite, ...(script.cancel === undefined ? provisional : []), ...ending]);
}

function changed(
  change: ChangeScript,
  script: CallerScript,
  cseq: number,
  head: (method: string, cseq: number) => string,
): string[] {
  const { method = 'INVITE', expect = 200, late = false } = change;
  const body = sdp(script.rtpPort, change.codec ?? script.codec, change);
  const request = head(method, cseq);
  const ack = head('ACK', cseq);
  return [
    pause(change.afterMs),
    send(late ? bare(request) : withBody(request, body), 'retrans="500"'),
    '<recv response="100" optional="true"/>',
    `<recv response="${expect}"><action><log message="CHANGED ${change.codec ?? script.codec}"/></action></recv>`,
    ...(method === 'INVITE' ? [send(late ? withBody(ack, body) : bare(ack))] : []),
  ];
}

const pressedKeys = (keys: readonly string[], head: (index: number) => string) =>
  keys.flatMap((key, index) => [
    pause(index === 0 ? 800 : 200),
    send(pressedAsInfo(head(index), key), 'retrans="500"'),
    '<recv response="200"/>',
    ...okTo('INFO'),
  ]);

function cancelled(when: number | 'when it rings', from: string): string[] {
  const wait =
    when === 'when it rings'
      ? ['<recv response="100" optional="true"/>', '<recv response="180"/>']
      : ['<recv response="100"/>', pause(when)];
  return [
    ...wait,
    send(bare(requestHead('CANCEL', 1, '', from, inviteBranch)), 'retrans="500"'),
    '<recv response="180" optional="true"/>',
    '<recv response="200"/>',
    '<recv response="487"/>',
    send(bare(requestHead('ACK', 1, '[peer_tag_param]', from, inviteBranch))),
  ];
}
