/** sipp scenarios, made for one call each. Times in ms. */

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
}

export interface AgentScript {
  readonly rtpPort: number;
  readonly codec: 'PCMU' | 'PCMA';
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
}

const sdp = (port: number, codec: 'PCMU' | 'PCMA') => {
  const type = codec === 'PCMA' ? 8 : 0;
  return `v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio ${port} RTP/AVP ${type} 101
a=rtpmap:${type} ${codec}/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv
`;
};

/** sipp refuses a variable that is set and never read, and one that is read and never set. */
function scenario(name: string, steps: readonly string[]): string {
  const noted = steps.some((step) => step.includes('assign_to="whole,port"'));
  const all = [...steps, ...(noted ? ['<Reference variables="whole,port"/>'] : [])];
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="${name}">\n${all.join('\n')}\n</scenario>\n`;
}
const send = (message: string, attributes = '') => `<send ${attributes}><![CDATA[\n${message}\n]]></send>`;
const pause = (ms: number) => `<pause milliseconds="${ms}"/>`;
const withBody = (head: string, body: string) =>
  `${head}Content-Type: application/sdp\nContent-Length: [len]\n\n${body}`;
const pressedAsInfo = (head: string, key: string) =>
  `${head}Content-Type: application/dtmf-relay\nContent-Length: [len]\n\nSignal=${key}\nDuration=160`;
const bare = (head: string) => `${head}Content-Length: 0\n\n`;

/** Writes the port of the other side's audio into sipp's log, where we wait for it. */
const noteRtp = (word: string) => `<action>
  <ereg regexp="m=audio ([0-9]+)" search_in="body" check_it="false" assign_to="whole,port"/>
  <log message="${word} [$port]"/>
</action>`;

/** Keeps a header, or the part of it in brackets, for a request of our own. */
const keep = (header: string, expression: string, assignTo: string) =>
  `<ereg regexp="${expression}" search_in="hdr" header="${header}:" check_it="true" assign_to="${assignTo}"/>`;

/** RFC 3261 §9.1 and §17.1.1.3: CANCEL, and ACK of a failure, have the branch of their INVITE. */
const inviteBranch = 'z9hG4bK-[pid]-[call_number]-invite';

const demand = (header: string) => `<action>${keep(header, '[^ ]+', 'demanded')}</action>`;

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

const linesOf = (headers: readonly string[] = []) => headers.map((line) => `${line}\n`).join('');

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
  const bye = (script.reliable ? 3 : 2) + pressed.length;
  const answered = [
    `<recv response="200" rtd="setup" rrs="true">${noteRtp('ANSWERED')}</recv>`,
    send(ack),
    ...pressedKeys(pressed, (index) => inDialog('INFO', 2 + index)),
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

const responseHead = (status: string, more = '') => `SIP/2.0 ${status}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]a[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:agent@[local_ip]:[local_port];transport=[transport]>
${more}`;

const okTo = (request: string) => [
  `<recv request="${request}"/>`,
  send(bare('SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n')),
];

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
  if (script.hangUpAfterMs === undefined) steps.push(...okTo('BYE'));
  else {
    steps.push(pause(script.hangUpAfterMs), send(bare(agentBye), 'retrans="500"'), '<recv response="200"/>');
    steps.push('<Reference variables="bracketed"/>');
  }
  return scenario('agent', steps);
}

const agentBye = `BYE [$peer] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: [$agent]
To: [$caller]
Call-ID: [call_id]
CSeq: 100 BYE
Max-Forwards: 70
`;
