import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import type { TrunklineEvent } from '../../contracts/events.ts';
import { freePort } from '../../local/free-ports.ts';
import { tone } from '../../local/phone/audio.ts';
import { type DigitAgent, type DigitCaller, digitAgent, digitCaller } from './digit-peer.ts';
import { pressedAsTones, tonesIn } from './dtmf-tones.ts';
import { routeTo, startPlatform } from './platform.ts';

type Mode = NonNullable<RoutingConfigInput['agents'][string]['dtmf']>;
const numberOf = {
  rfc4733: '+15550101',
  info: '+15550102',
  'info-dtmf': '+15550103',
  'in-band': '+15550104',
};
const modes = Object.keys(numberOf) as Mode[];
const talk = tone(400, 1_000, 0.1);

/** A platform whose carrier takes digits in one way, and that has an agent for each way. */
async function stageFor(carrier: Mode) {
  const sipPort = await freePort();
  const agents = Object.fromEntries(
    await Promise.all(
      modes.map(async (mode) => [mode, await digitAgent(sipPort, { events: mode === 'rfc4733' })]),
    ),
  ) as Record<Mode, DigitAgent>;
  const platform = await startPlatform({
    sipPort,
    config: {
      ...routeTo([], { quality: 'rtcp' }),
      trunks: { carrier: { sources: ['127.0.0.0/8'], dtmf: carrier } },
      numbers: Object.fromEntries(modes.map((mode) => [numberOf[mode], { agent: mode }])),
      agents: Object.fromEntries(
        modes.map((mode) => [
          mode,
          {
            targets: [{ uri: `sip:agent@127.0.0.1:${agents[mode].peer.port}` }],
            dtmf: mode,
            policy: 'tested',
          },
        ]),
      ),
    },
  });
  return {
    ...{ platform, sipPort, agents },
    async [Symbol.asyncDispose]() {
      await platform[Symbol.asyncDispose]();
      for (const agent of Object.values(agents)) await agent[Symbol.asyncDispose]();
    },
  };
}

/** A call that is up: what the caller says, what the agent says, and what is said of it. */
async function callUp(
  { platform, sipPort, agents }: Awaited<ReturnType<typeof stageFor>>,
  to: Mode,
  { events = true, says = talk, agentSays = talk } = {},
) {
  const answering = agents[to].answer(agentSays);
  const answered = platform.next('call.answered', ({ target }) => target === `${to}-1`);
  const caller = await digitCaller(sipPort, numberOf[to], { audio: says, events });
  await answering;
  const { callId } = await answered;
  const digits = (type: TrunklineEvent['type'], leg: 'a' | 'b') =>
    platform
      .said(callId)
      .flatMap((event) =>
        event.type === type && 'leg' in event && event.leg === leg && 'digit' in event ? [event] : [],
      )
      .toSorted((one, other) => one.seq - other.seq)
      .map(({ digit }) => digit)
      .join('');
  return { caller, agent: agents[to], callId, digits };
}

type Up = Awaited<ReturnType<typeof callUp>>;

async function press({ caller }: Up, how: Mode, keys: string): Promise<void> {
  if (how === 'rfc4733') caller.rtp.press(keys);
  else if (how !== 'in-band') {
    for (const key of keys) {
      const [type, body] =
        how === 'info'
          ? ['application/dtmf-relay', `Signal=${key}\r\nDuration=160\r\n`]
          : ['application/dtmf', key];
      expect(await caller.info(type, body)).toBe('SIP/2.0 200 OK');
    }
  }
}

/** What the agent heard, in the way in which it takes digits. */
async function heardBy({ rtp, infos }: DigitAgent | DigitCaller, how: Mode): Promise<string> {
  const { digits, pcm } = await rtp.report();
  if (how === 'rfc4733') return digits;
  if (how === 'in-band') return tonesIn(pcm);
  return infos.map((info) => /(?:Signal=| )([0-9*#A-D])(?: |$)/.exec(info)?.[1] ?? '?').join('');
}

describe.each(['rfc4733', 'info', 'in-band'] as const)('a carrier with %s', (from) => {
  let stage: Awaited<ReturnType<typeof stageFor>>;
  beforeAll(async () => {
    stage = await stageFor(from);
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  /** What is heard by an agent of `15#`, and what the ledger says of it. */
  async function goTo(to: Mode) {
    const says = from === 'in-band' ? pressedAsTones('15#') : talk;
    const up = await callUp(stage, to, { says, events: from === 'rfc4733' });
    await using _caller = up.caller;
    await press(up, from, '15#');
    await expect.poll(() => up.digits('dtmf.delivered', 'b')).toBe('15#');
    await expect.poll(() => heardBy(up.agent, to)).toBe('15#');
    const ended = stage.platform.next('call.ended', ({ callId }) => callId === up.callId);
    await up.caller.hangUp();
    return { received: up.digits('dtmf.received', 'a'), counted: (await ended).digits };
  }

  test('reaches agents with each: what is pressed is heard, once each, in the ledger and by the agent', async () => {
    const heard = await Promise.all(modes.map(async (to) => [to, await goTo(to)] as const));
    const all = { received: '15#', counted: { received: 3, delivered: 3, gap: 0 } };
    expect(Object.fromEntries(heard)).toEqual(Object.fromEntries(modes.map((to) => [to, all])));
  });
});
