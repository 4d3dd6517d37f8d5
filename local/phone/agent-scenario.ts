import {
  bare,
  keep,
  linesOf,
  noteRtp,
  okTo,
  pause,
  type SpokenCodec,
  scenario,
  sdp,
  send,
  withBody,
} from './sipp-words.ts';

export interface AgentScript {
  readonly rtpPort: number;
  readonly codec: SpokenCodec;
  /** 180 first. */
  readonly rings?: boolean;
  /** 183 with SDP first; 'reliable' waits for its PRACK. */
  readonly earlyMedia?: boolean | 'reliable';
  readonly answerAfterMs?: number;
  /** Final response instead of 200. */
  readonly refuse?: number;
  /** Headers of it. */
  readonly refuseHeaders?: readonly string[];
  /** Never answers: waits for the CANCEL. */
  readonly silent?: boolean;
  /** BYE this long after the ACK; undefined waits for the other side's. */
  readonly hangUpAfterMs?: number;
  /** How it answers re-INVITEs, one after the other: with this direction, this codec, or this status. */
  readonly reinvited?: readonly ('sendrecv' | 'sendonly' | 'recvonly' | 'inactive' | 'PCMA' | 488)[];
}

const responseHead = (status: string, more = '') => `SIP/2.0 ${status}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]a[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:agent@[local_ip]:[local_port];transport=[transport]>
${more}`;

/** An agent that is called. */
export function agentScenario(script: AgentScript): string {
  const body = sdp(script.rtpPort, script.codec);
  const hangsUp = script.hangUpAfterMs !== undefined;
  const contact = hangsUp ? keep('Contact', '&lt;([^>]*)>', 'bracketed,peer') : '';
  const reliable = script.earlyMedia === 'reliable';
  const way = reliable ? keep('Via', '.*', 'way') + keep('CSeq', '.*', 'number') : '';
  const invited = noteRtp('INVITED').replace('</action>', `${contact}${way}</action>`);
  const steps = [`<recv request="INVITE" crlf="true">${invited}</recv>`];
  if (script.rings || script.silent) steps.push(send(bare(responseHead('180 Ringing'))));
  if (reliable) {
    steps.push(
      send(
        withBody(responseHead('183 Session Progress', 'Require: 100rel\nRSeq: 1\n'), body),
        'retrans="500"',
      ),
    );
    steps.push(
      '<recv request="PRACK"/>',
      send(bare('SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n')),
    );
  } else if (script.earlyMedia) steps.push(send(withBody(responseHead('183 Session Progress'), body)));
  if (script.silent) {
    // RFC 3261 §9.2: the CANCEL is answered, and so is the INVITE. Both have the same CSeq number.
    const gone = responseHead('487 Request Terminated').replace(
      '[last_CSeq:]',
      'CSeq: [last_cseq_number] INVITE',
    );
    steps.push(...okTo('CANCEL'), send(bare(gone), 'retrans="500"'), '<recv request="ACK"/>');
    return scenario('agent', steps);
  }
  if (script.answerAfterMs) steps.push(pause(script.answerAfterMs));
  if (script.refuse !== undefined) {
    steps.push(
      send(bare(responseHead(`${script.refuse} Refused`, linesOf(script.refuseHeaders))), 'retrans="500"'),
      '<recv request="ACK"/>',
    );
    return scenario('agent', steps);
  }
  // The last request is the PRACK then, and the answer still belongs to the INVITE.
  const ok = reliable
    ? responseHead('200 OK').replace('[last_Via:]', 'Via: [$way]').replace('[last_CSeq:]', 'CSeq: [$number]')
    : responseHead('200 OK');
  // In the ACK both tags stand; for a request of the agent the sides swap (RFC 3261 §12.2.1.1).
  const sides = hangsUp ? `<action>${keep('From', '.*', 'caller')}${keep('To', '.*', 'agent')}</action>` : '';
  steps.push(send(withBody(ok, body), 'retrans="500"'), `<recv request="ACK" rtd="true">${sides}</recv>`);
  for (const [index, answer] of (script.reinvited ?? []).entries())
    steps.push(...reinvited(answer, script, index + 2));
  if (script.hangUpAfterMs === undefined) steps.push(...okTo('BYE'));
  else {
    steps.push(pause(script.hangUpAfterMs), send(bare(agentBye), 'retrans="500"'), '<recv response="200"/>');
    steps.push('<Reference variables="bracketed"/>');
  }
  return scenario('agent', steps);
}

const reinvited = (
  answer: NonNullable<AgentScript['reinvited']>[number],
  { rtpPort, codec }: AgentScript,
  version: number,
) => [
  '<recv request="INVITE"/>',
  typeof answer === 'number'
    ? send(bare(inDialogHead(`${answer} Refused`)), 'retrans="500"')
    : send(
        withBody(
          inDialogHead('200 OK'),
          answer === 'PCMA'
            ? sdp(rtpPort, 'PCMA', { version })
            : sdp(rtpPort, codec, { version, direction: answer }),
        ),
        'retrans="500"',
      ),
  '<recv request="ACK"/>',
];

/** The tag of ours stands in the request already. */
const inDialogHead = (status: string) => responseHead(status).replace(';tag=[pid]a[call_number]', '');

const agentBye = `BYE [$peer] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: [$agent]
To: [$caller]
Call-ID: [call_id]
CSeq: 100 BYE
Max-Forwards: 70
`;
