import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Queue, type StoredMessage } from '../../../local/cloud/queue.ts';
import { type HeldClock, heldClock } from '../../edge-node/held-clock.ts';

const VISIBLE_AGAIN_MS = 30_000;
const MAX_RECEIVES = 3;

/** A queue, those who work on it, and what they remember. */
interface Scene {
  readonly queue: Queue;
  readonly clock: HeldClock;
  readonly sent: Set<string>;
  readonly deleted: Set<string>;
  readonly dead: string[];
  /** Until when a message is hidden from others, by its body. */
  readonly hidden: Map<string, number>;
  readonly receipts: string[];
}

type Step = (scene: Scene, at: number) => Promise<void>;

const steps = {
  send:
    (delayMs: number): Step =>
    async ({ queue, sent }, at) => {
      sent.add(`${at}`);
      queue.send(`${at}`, undefined, delayMs);
    },
  receive:
    (max: number): Step =>
    async (scene) => {
      const { queue, clock, hidden, receipts, deleted } = scene;
      const messages = await queue.receive(max, 0, VISIBLE_AGAIN_MS, new AbortController().signal);
      expect(messages.length).toBeLessThanOrEqual(max);
      for (const { body, receipt = '', receives } of messages) {
        expect(deleted.has(body), `${body} was deleted`).toBe(false);
        expect(hidden.get(body) ?? 0, `${body} is hidden`).toBeLessThanOrEqual(clock.now());
        expect(receives).toBeLessThanOrEqual(MAX_RECEIVES);
        hidden.set(body, clock.now() + VISIBLE_AGAIN_MS);
        receipts.push(`${receipt} ${body}`);
      }
    },
  remove:
    (which: number): Step =>
    async (scene) => {
      const [receipt = '', body = ''] = pick(scene, which);
      // A receipt that ran out deletes nothing.
      if ((scene.hidden.get(body) ?? 0) > scene.clock.now() && isLatest(scene, receipt, body))
        scene.deleted.add(body);
      scene.queue.delete(receipt);
    },
  giveBack:
    (which: number): Step =>
    async (scene) => {
      const [receipt = '', body = ''] = pick(scene, which);
      if (scene.queue.changeVisibility(receipt, 0)) scene.hidden.delete(body);
    },
  wait:
    (ms: number): Step =>
    async ({ clock }) =>
      clock.pass(ms),
};

const pick = ({ receipts }: Scene, which: number) =>
  (receipts[which % Math.max(1, receipts.length)] ?? '').split(' ');
const isLatest = ({ receipts }: Scene, receipt: string, body: string) =>
  receipts.findLast((each) => each.endsWith(` ${body}`)) === `${receipt} ${body}`;

const step = fc.oneof(
  fc.constantFrom(0, 0, 5_000).map(steps.send),
  fc.integer({ min: 1, max: 10 }).map(steps.receive),
  fc.nat(20).map(steps.remove),
  fc.nat(20).map(steps.giveBack),
  fc.constantFrom(1, 5_000, 29_999, 30_000).map(steps.wait),
);

function aScene(): Scene {
  const clock = heldClock();
  const dead: string[] = [];
  const settings = {
    ...{
      name: 'work',
      arn: 'arn:work',
      url: 'http://work',
      visibilityMs: VISIBLE_AGAIN_MS,
      delayMs: 0,
      waitMs: 0,
    },
    redrive: { arn: 'arn:dead', after: MAX_RECEIVES },
  };
  const queue = new Queue(settings, clock, (_arn: string, { body }: StoredMessage) => dead.push(body));
  return { queue, clock, dead, sent: new Set(), deleted: new Set(), hidden: new Map(), receipts: [] };
}

test('no message is lost, hidden ones come to nobody, deleted ones never again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (story) => {
      const scene = aScene();
      for (const [at, act] of story.entries()) await act(scene, at);
      const { queue, sent, deleted, dead } = scene;
      const { ready, inFlight, delayed } = queue.depth;
      expect(new Set(dead).size, 'a dead letter is one letter').toBe(dead.length);
      expect(ready + inFlight + delayed + deleted.size + dead.length).toBe(sent.size);
      queue.close();
    }),
    { numRuns: 500 },
  );
});

test('who keeps receiving without deleting sees every message so many times, then it is dead', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 25 }), async (count) => {
      const { queue, clock, dead } = aScene();
      for (let at = 0; at < count; at += 1) queue.send(`${at}`);
      let seen = 0;
      for (let round = 0; round <= MAX_RECEIVES; round += 1) {
        for (let taken = -1; taken !== 0; seen += taken) {
          taken = (await queue.receive(10, 0, VISIBLE_AGAIN_MS, new AbortController().signal)).length;
        }
        clock.pass(VISIBLE_AGAIN_MS);
      }
      expect([seen, dead.length]).toEqual([count * MAX_RECEIVES, count]);
      expect(clock.pending()).toBe(0);
    }),
  );
});

test('a poll whose client is gone before it begins takes nothing', async () => {
  const { queue, clock } = aScene();
  queue.send('for another');
  expect(await queue.receive(10, 20_000, VISIBLE_AGAIN_MS, AbortSignal.abort())).toEqual([]);
  expect(queue.depth).toEqual({ ready: 1, inFlight: 0, delayed: 0 });
  expect(clock.pending()).toBe(0);
});
