import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Command } from '../../../contracts/commands.ts';
import { systemClock } from '../../../edge-node/clock.ts';
import type { Call } from '../../../edge-node/signaling/call.ts';
import { FakeInvite, type Stage, sdpOf, stage, twoTargets } from './stage.ts';

const config = {
  ...twoTargets,
  trunks: {
    carrier: { sources: ['192.0.2.0/24'] },
    out: { endpoints: [{ host: '203.0.113.1' }] },
  },
  routes: { all: { prefix: '+', from: ['out'], trunks: [{ trunk: 'out' }] } },
};

/** One call, and how it ends. */
interface Story {
  readonly on: Stage;
  readonly alice: FakeInvite;
  readonly call: Call;
}

const answered = async ({ on }: Story) => {
  on.attempts.at(-1)?.answers();
  await on.settled();
};
const told = (call: Call, command: Partial<Command>) =>
  call.command({ version: 1, id: systemClock.newId(), callId: call.id, ...command } as Command);

const stories: Readonly<Record<string, (story: Story) => Promise<unknown> | unknown>> = {
  'the caller hangs up': async (story) => {
    await answered(story);
    story.alice.dialog.hangsUp();
  },
  'the agent hangs up while a recording is played': async (story) => {
    await answered(story);
    await told(story.call, { type: 'call.play', to: 'both', file: 'welcome.wav', times: 0 });
    story.on.attempts.at(-1)?.dialog.hangsUp();
  },
  'the caller gives up while it rings': ({ on, alice }) => {
    on.attempts.at(-1)?.rings();
    alice.cancels();
  },
  'nobody answers': async ({ on }) => {
    on.clock.pass(30_000);
    await on.settled();
    on.clock.pass(30_000);
  },
  'the agent is busy': ({ on }) => on.attempts.at(-1)?.fails(486),
  'the caller is gone when the answer is ready': async (story) => {
    story.alice.answerFails = true;
    await answered(story);
  },
  'a command hangs up': async (story) => {
    await answered(story);
    await told(story.call, { type: 'call.hangup' });
  },
  'nothing is heard of it': async (story) => {
    await answered(story);
    story.on.media.silent.add('a').add('b');
    for (let second = 0; second < 40; second += 1) {
      story.on.clock.pass(1_000);
      await story.on.settled();
    }
    story.on.media.silent.clear();
  },
  'a call of ours is hung up while its agent rings': async ({ on, call, alice }) => {
    alice.cancels();
    await on.settled();
    const callId = systemClock.newId();
    const stamp = { version: 1, id: systemClock.newId(), type: 'call.originate', callId } as const;
    on.originate({ ...stamp, to: { number: '+15550177' }, connect: { agent: 'echo' }, ringSeconds: 20 });
    await on.settled();
    on.attempts.at(-1)?.answers(sdpOf('0 101', 7_000));
    await on.settled();
    const ours = on.calls.get(callId);
    if (ours) await told(ours, { type: 'call.hangup' });
    void call;
  },
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Every story so often. The stage remembers what it was told, which is its own affair and no leak. */
async function load(on: Stage, times: number): Promise<WeakRef<Call>[]> {
  const seen: WeakRef<Call>[] = [];
  for (let time = 0; time < times; time += 1) {
    for (const [what, play] of Object.entries(stories)) {
      const alice = on.invite(new FakeInvite());
      await on.settled();
      const [call] = on.calls.values();
      if (!call) throw new Error(`${what}: there is no call`);
      seen.push(new WeakRef(call));
      await play({ on, alice, call });
      await on.settled();
      if (on.calls.size > 0) throw new Error(`${what}: ${on.calls.size} calls are left`);
      for (const kept of [on.attempts, on.events, on.media.offers, on.media.ended, on.media.recordings])
        kept.length = 0;
    }
    on.clock.pass(1_000);
  }
  return seen;
}

test('however calls end, nothing of them stays: no call, no timer and no memory', {
  timeout: 60_000,
}, async () => {
  const on = stage({ config });
  const heapAfter = async (calls: readonly WeakRef<Call>[]) => {
    for (let turn = 0; turn < 3; turn += 1) {
      await on.settled();
      collectGarbage();
    }
    // The last ones may still stand in a register of the engine.
    expect(calls.filter((each) => each.deref() !== undefined).length).toBeLessThan(3);
    expect([on.calls.size, on.clock.pending()]).toEqual([0, 0]);
    return process.memoryUsage().heapUsed;
  };
  const first = await heapAfter(await load(on, 20));
  const second = await heapAfter(await load(on, 60));
  // 540 calls more; one call is some 20 kB with its invites and dialogs.
  expect(second - first).toBeLessThan(2_000_000);
});
