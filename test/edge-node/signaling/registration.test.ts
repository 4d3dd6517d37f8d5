import { describe, expect, test } from 'vitest';
import { RoutingConfig, type RoutingConfigInput } from '../../../contracts/config.ts';
import { AnyEvent, type TrunklineEvent } from '../../../contracts/events.ts';
import { grantedSeconds, registrationPlans, retrySeconds } from '../../../core/registration.ts';
import { createNarrator } from '../../../edge-node/narrator.ts';
import type { OutOfDialogRequest, OutOfDialogResponse } from '../../../edge-node/signaling/sip.ts';
import { keepRegistrations } from '../../../edge-node/signaling/trunks/registrations.ts';
import { heardLogger } from '../heard-logger.ts';
import { heldClock } from '../held-clock.ts';
import { FakeInvite, stage, twoTargets } from './stage.ts';

const password = { secret: 'trunkline/carrier' };
const carrier = {
  endpoints: [{ host: '192.0.2.10', port: 5070 }],
  authentication: { out: { username: 'us', password } },
  registration: {},
};
const withTrunks = (trunks: RoutingConfigInput['trunks']) =>
  RoutingConfig.parse({ version: 1, trunks, numbers: {}, agents: {} });

type Answer =
  | { status: number; headers?: Record<string, string>; detail?: string; unheard?: boolean }
  | undefined;

const granted = (expires: number): Answer => ({
  status: 200,
  headers: { contact: `<sip:us@192.0.2.1:5060>;expires=${expires}` },
});

/** An edge with one registration, at a registrar in the story's hand; chance is always in the middle. */
function registering(answers: Answer[], trunks: RoutingConfigInput['trunks'] = { carrier }) {
  const clock = heldClock();
  const { logger, lines } = heardLogger();
  const events: TrunklineEvent[] = [];
  const asked: OutOfDialogRequest[] = [];
  let config = withTrunks(trunks);
  const narrator = createNarrator({
    ...{ edge: { id: 'edge-1', region: 'local', epoch: 1 }, replyTo: 'http://127.0.0.1/queue', clock },
    outbox: { record: (event) => void events.push(AnyEvent.parse(event)) },
    metrics: { observe: () => {} },
  });
  const request = async (each: OutOfDialogRequest): Promise<OutOfDialogResponse | undefined> => {
    asked.push(each);
    const answer = asked.length > answers.length ? answers.at(-1) : answers[asked.length - 1];
    return (
      answer && {
        ...{ status: answer.status, detail: answer.detail ?? `${answer.status}` },
        unheard: answer.unheard ?? false,
        header: (name) => answer.headers?.[name],
        sent: () => '<sip:us@192.0.2.1:5060>;expires=600',
      }
    );
  };
  const registrations = keepRegistrations({
    ...{ narrator, clock, logger, request, random: () => 0.5 },
    snapshot: { current: () => ({ version: 1, config }) },
    edge: 'edge-1',
    credentials: () => async () => ({ username: 'us', password: 'hunter2-4711' }),
  });
  const settled = async () => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    ...{ registrations, events, asked, clock, lines, settled },
    async pass(seconds: number) {
      await settled();
      // Second by second: what comes due is awaited before the next comes due.
      for (let each = 0; each < seconds; each += 1) {
        clock.pass(1_000);
        await settled();
      }
    },
    types: () => events.map(({ type }) => type),
    configures(next: RoutingConfigInput['trunks']) {
      config = withTrunks(next);
    },
  };
}

const expiresOf = ({ headers }: OutOfDialogRequest) => headers?.['Expires'];
const sequenceOf = ({ headers }: OutOfDialogRequest) => Number.parseInt(headers?.['CSeq'] ?? '', 10);

describe('a registration', () => {
  test('is asked for at once, as the user of the trunk, and said', async () => {
    const story = registering([granted(600)]);
    await story.settled();
    expect(story.asked).toEqual([
      {
        ...{ method: 'REGISTER', uri: 'sip:192.0.2.10:5070', timeoutMs: 10_000 },
        headers: {
          ...{ From: '<sip:us@192.0.2.10>', To: '<sip:us@192.0.2.10>', Expires: '600' },
          ...{ Contact: '<sip:us@localhost>;expires=600', CSeq: '10 REGISTER' },
          'Call-ID': expect.any(String),
        },
        credentials: expect.any(Function),
      },
    ]);
    expect(story.events).toMatchObject([
      { type: 'trunk.registered', trunk: 'carrier', contact: 'sip:us@192.0.2.1:5060', expiresSeconds: 600 },
    ]);
    expect(story.registrations.status()).toEqual([
      {
        ...{ trunk: 'carrier', registrar: '192.0.2.10:5070', user: 'us', registered: true },
        ...{ expiresInSeconds: 600, failure: null },
      },
    ]);
  });

  test('is refreshed at four fifths of what was granted, in the same series, and not said again', async () => {
    const story = registering([granted(100)]);
    await story.pass(79);
    expect(story.asked).toHaveLength(1);
    await story.pass(2);
    expect(story.asked).toHaveLength(2);
    const [first, second] = story.asked;
    expect(second?.headers?.['Call-ID']).toBe(first?.headers?.['Call-ID']);
    expect(story.asked.map(sequenceOf)).toEqual([10, 20]);
    expect(story.types()).toEqual(['trunk.registered']);
    expect(story.registrations.status()).toMatchObject([{ registered: true, expiresInSeconds: 99 }]);
  });

  test('asks for as long as a registrar wants that finds it too brief, and keeps to that', async () => {
    const story = registering([{ status: 423, headers: { 'min-expires': '1800' } }, granted(1_800)]);
    await story.pass(1_500);
    expect(story.asked.map(expiresOf)).toEqual(['600', '1800', '1800']);
    expect(story.types()).toEqual(['trunk.registered']);
  });

  test('that is refused by 423 for no reason is a failure, not a loop', async () => {
    const story = registering([{ status: 423, headers: { 'min-expires': '60' } }]);
    await story.settled();
    expect(story.asked).toHaveLength(1);
    expect(story.types()).toEqual(['trunk.registration-failed']);
  });

  test('is tried again with growing pauses while it fails', async () => {
    const story = registering([
      { status: 500 },
      undefined,
      { status: 403, detail: '403 Forbidden' },
      granted(600),
    ]);
    const tries: number[] = [];
    for (let second = 0; second < 25; second += 1) {
      await story.settled();
      tries[second] = story.asked.length;
      story.clock.pass(1_000);
    }
    await story.settled();
    // 3 s, 6 s and 12 s, all of it ± a third by chance.
    expect([0, 2, 3, 8, 9, 20, 21].map((second) => tries[second])).toEqual([1, 1, 2, 2, 3, 3, 4]);
    expect(story.events).toMatchObject([
      { type: 'trunk.registration-failed', sipStatus: 500, retrySeconds: 3 },
      {
        type: 'trunk.registration-failed',
        sipStatus: null,
        detail: 'no answer within 10 s',
        retrySeconds: 6,
      },
      { type: 'trunk.registration-failed', sipStatus: 403, detail: '403 Forbidden', retrySeconds: 12 },
      { type: 'trunk.registered' },
    ]);
    expect(story.registrations.status()).toMatchObject([{ registered: true, failure: null }]);
  });

  test('waits for as long as the registrar says, an hour at most', async () => {
    const busy = (seconds: string): Answer => ({ status: 503, headers: { 'retry-after': seconds } });
    const story = registering([busy('120 (busy)'), busy('99999'), granted(600)]);
    await story.pass(119);
    expect(story.asked).toHaveLength(1);
    await story.pass(1);
    expect(story.asked).toHaveLength(2);
    expect(story.events.at(-1)).toMatchObject({ retrySeconds: 3_600 });
  });

  test('lasts as long as it was granted while refreshing fails, and then is over', async () => {
    const story = registering([granted(100), { status: 500, detail: 'broken' }]);
    await story.pass(99);
    expect(story.registrations.status()).toMatchObject([{ registered: true, failure: 'broken' }]);
    expect(story.types()).not.toContain('trunk.registration-expired');
    await story.pass(1);
    expect(story.events.at(-1)).toMatchObject({ type: 'trunk.registration-expired', detail: 'broken' });
    expect(story.registrations.status()).toMatchObject([{ registered: false, expiresInSeconds: null }]);
  });

  test('at a registrar that is not there has no status to tell', async () => {
    const story = registering([{ status: 503, detail: 'nobody can be reached there', unheard: true }]);
    await story.settled();
    expect(story.events).toMatchObject([{ sipStatus: null, detail: 'nobody can be reached there' }]);
  });

  test('that is granted no time at all is a failure', async () => {
    const story = registering([granted(0)]);
    await story.settled();
    expect(story.events).toMatchObject([{ detail: 'the registrar granted no time at all', sipStatus: 200 }]);
  });

  test('is given back when the edge drains, once, with the same contact', async () => {
    const story = registering([granted(600)]);
    await story.settled();
    await story.registrations.drain();
    await story.registrations.drain();
    expect(story.asked.map(expiresOf)).toEqual(['600', '0']);
    expect(story.asked[1]?.headers?.['Contact']).toBe('<sip:us@localhost>;expires=0');
    expect(story.clock.pending()).toBe(0);
    await story.pass(3_000);
    expect(story.asked).toHaveLength(2);
  });

  test('comes and goes with the configuration; one that stays is left alone', async () => {
    const other = { ...carrier, registration: { user: 'branch', registrar: 'reg.example:5080' } };
    const story = registering([granted(600)], { carrier });
    await story.settled();
    story.configures({ carrier, other });
    await story.pass(1);
    expect(story.asked.map(({ uri }) => uri)).toEqual(['sip:192.0.2.10:5070', 'sip:reg.example:5080']);
    story.configures({ other });
    await story.pass(1);
    expect(story.asked.map(expiresOf)).toEqual(['600', '600', '0']);
    expect(story.registrations.status()).toMatchObject([{ trunk: 'other', user: 'branch' }]);
  });

  test('never shows the password', async () => {
    const story = registering([{ status: 500 }, granted(10), undefined]);
    await story.pass(60);
    const seen = JSON.stringify([story.lines, story.events, story.registrations.status()]);
    expect(seen).toContain('trunk.registration-failed');
    expect(seen).not.toContain('hunter2');
  });
});

describe('a call to the registered user', () => {
  const config: RoutingConfigInput = {
    ...twoTargets,
    trunks: { carrier: { ...carrier, sources: ['192.0.2.0/24'] }, plain: { sources: ['198.51.100.0/24'] } },
  };
  const calledOn = async (invite: { to: string; address?: string }) => {
    const on = stage({ config });
    on.invite(new FakeInvite({ ...invite, addressed: '+15550100' }));
    await on.settled();
    return on.event('call.received').to.number;
  };

  test('is for the number that its To header names', async () => {
    expect(await calledOn({ to: 'us' })).toBe('+15550100');
  });

  test('is one on the trunk that registers this user only', async () => {
    expect(await calledOn({ to: 'us', address: '198.51.100.1' })).toBe('us');
    expect(await calledOn({ to: '+15550177' })).toBe('+15550177');
  });
});

describe('what a registrar granted', () => {
  const ours = 'sip:us@192.0.2.1:5060';
  test.each([
    ['<sip:us@192.0.2.1:5060>;expires=300', undefined, 300],
    ['<sip:other@192.0.2.2>;expires=30, <sip:US@192.0.2.1:5060;ob>;q=1;Expires="200"', '900', 200],
    ['<sip:us@10.0.0.9:1024>;expires=60', undefined, 60],
    ['<sip:a@192.0.2.2>;expires=30, <sip:b@192.0.2.3>;expires=40', '900', 900],
    [undefined, '120', 120],
    ['<sip:us@192.0.2.1:5060>', undefined, undefined],
    [undefined, 'soon', undefined],
  ])('by contacts %j and Expires %j is %s', (contacts, expires, seconds) => {
    expect(grantedSeconds(contacts, expires, ours)).toBe(seconds);
  });
});

describe('what is registered', () => {
  test('follows from the trunk: its user, its first endpoint by priority, its transport', () => {
    const endpoints = [
      { host: 'b.example', priority: 2 },
      { host: 'a.example', transport: 'tcp' as const, priority: 1 },
    ];
    const { trunks } = withTrunks({ carrier: { ...carrier, endpoints } });
    expect(registrationPlans(trunks, 'edge-1')).toEqual([
      {
        ...{ trunk: 'carrier', user: 'us', registrar: 'a.example', expiresSeconds: 600 },
        ...{ uri: 'sip:a.example;transport=tcp', aor: 'sip:us@a.example' },
      },
    ]);
  });

  test('is the affair of each edge, or of those that are named', () => {
    const registration = { edges: ['edge-2'] };
    const { trunks } = withTrunks({ each: carrier, second: { ...carrier, registration } });
    const byEdge = (edge: string) => registrationPlans(trunks, edge).map(({ trunk }) => trunk);
    expect([byEdge('edge-1'), byEdge('edge-2')]).toEqual([['each'], ['each', 'second']]);
  });

  test('keeps an IPv6 address in its brackets', () => {
    const endpoints = [{ host: '2001:db8::1', port: 5070 }];
    const [plan] = registrationPlans(withTrunks({ carrier: { ...carrier, endpoints } }).trunks, 'edge-1');
    expect(plan).toMatchObject({ uri: 'sip:[2001:db8::1]:5070', aor: 'sip:us@[2001:db8::1]' });
  });

  test('is tried again after pauses that double up to five minutes, half of each by chance', () => {
    expect([1, 2, 3, 7, 8, 99].map((failures) => retrySeconds(failures, 0.999))).toEqual(
      [4, 8, 16, 256, 300, 300].map((seconds) => expect.closeTo(seconds, 0)),
    );
    expect(retrySeconds(1, 0)).toBe(2);
  });
});
