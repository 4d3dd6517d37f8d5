import { expect, test } from 'vitest';
import { explainMedia } from '../../bin/cli/explain-media.ts';
import type { CallScopedEvent } from '../../contracts/events.ts';
import { type CallState, evolve } from '../../core/call-state.ts';
import { aCall, anEvent, at } from '../functions/an-event.ts';

const sdp = (ip: string, more = '') => `v=0\no=- 1 1 IN IP4 ${ip}\n${more}m=audio 4000 RTP/AVP 0\n`;
const exchanged = { said: sdp('192.0.2.1'), told: sdp('192.0.2.250') };
const negotiation = {
  ...{ offerer: 'a', a: exchanged, b: exchanged },
  codecs: [
    { codec: 'PCMU', outcome: 'kept', rule: 'the policy: keep has it' },
    { codec: 'G729', outcome: 'refused', rule: 'the policy does not name it' },
  ],
};
const plain = (text: string) => text.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');
const stateOf = (events: readonly unknown[]): CallState => {
  const state = (events as readonly CallScopedEvent[]).reduce<CallState | undefined>(evolve, undefined);
  if (!state) throw new Error('there are no events');
  return state;
};

test('a call is explained by what each side said and was told, and what was new the next time', () => {
  const events = aCall();
  const { callId } = events[0] as { callId: string };
  const held = {
    ...negotiation,
    a: { said: sdp('192.0.2.1', 'a=sendonly\n'), told: sdp('192.0.2.250', 'a=recvonly\n') },
  };
  const timeline = [
    anEvent('call.answered', { callId, seq: 3, time: at(3_000), negotiation }),
    anEvent('call.held', {
      callId,
      seq: 4,
      time: at(5_000),
      leg: 'a',
      by: 'peer',
      direction: 'sendonly',
      negotiation: held,
    }),
    anEvent('media.contract-broken', {
      ...{ callId, seq: 5, time: at(6_000), leg: 'b', promise: 'ptime', agreed: '20 ms', found: '30 ms' },
    }),
  ];
  const text = plain(explainMedia(stateOf(events), timeline));
  expect(text.split('\n').slice(0, 11)).toEqual([
    `call ${callId}, offered PCMU, PCMA`,
    '',
    '12:00:03.000 call.answered  echo-1 in 900 ms (180 ms of it the decision), PCMU ↔ PCMU',
    '  leg a offered',
    '    PCMU  kept        the policy: keep has it',
    '    G729  refused     the policy does not name it',
    '  leg a',
    '      said                        was told',
    '      v=0                         v=0',
    '      o=- 1 1 IN IP4 192.0.2.1    o=- 1 1 IN IP4 192.0.2.250',
    '      m=audio 4000 RTP/AVP 0      m=audio 4000 RTP/AVP 0',
  ]);
  expect(text).toContain('    * a=sendonly                * a=recvonly\n');
  expect(text.trimEnd().split('\n').at(-1)).toBe(
    '12:00:06.000 media.contract-broken  ptime of leg b: agreed 20 ms, found 30 ms',
  );
});

test('a call without media says why', () => {
  const events = aCall();
  const { callId } = events[0] as { callId: string };
  const refused = [
    events[0],
    anEvent('call.ended', { callId, seq: 1, reason: 'no-common-codec', detail: 'offered: G729' }),
  ];
  expect(plain(explainMedia(stateOf(refused), []))).toBe(
    `call ${callId}, offered PCMU, PCMA\nno media was agreed on: no-common-codec, offered: G729\n`,
  );
});
