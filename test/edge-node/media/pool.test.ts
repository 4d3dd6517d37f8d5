import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startMediaPool } from '../../../edge-node/media/pool.ts';
import type { MediaOffer } from '../../../edge-node/ports.ts';
import { freePort } from '../../../local/free-ports.ts';
import { heldClock } from '../held-clock.ts';
import { aFakeEngine, type FakeEngine } from './fake-engine.ts';
import { noMetrics } from './no-metrics.ts';

const offer: MediaOffer = { sdp: 'v=0', from: 'a' };

/** A pool of engines in the test's hand; pings are sent when its clock says so, time-outs are real. */
async function aPool(size: number, recordingDirs: readonly string[] = []) {
  const engines: FakeEngine[] = [];
  for (let index = 0; index < size; index += 1) engines.push(await aFakeEngine());
  const clock = heldClock();
  const b2bPort = await freePort();
  const settings = {
    engines: engines.map(({ port }, index) => ({
      ng: { host: '127.0.0.1', port },
      recordingDir: recordingDirs[index],
    })),
    dtmfListen: { host: '127.0.0.1', port: 0 },
    b2bListen: { host: '127.0.0.1', port: b2bPort },
  };
  const logger = pino({ level: 'silent' });
  const pool = await startMediaPool(settings, { clock, metrics: noMetrics, logger });
  onTestFinished(async () => {
    await pool[Symbol.asyncDispose]();
    for (const engine of engines) await engine[Symbol.asyncDispose]();
  });
  const lost: string[] = [];
  pool.onLost((callId, { reason, detail }) => void lost.push(`${callId} ${reason}: ${detail}`));
  const stateOf = (index: number) => pool.engines()[index]?.state;
  return {
    ...{ pool, engines, clock, lost, stateOf },
    engine(index: number): FakeEngine {
      const engine = engines[index];
      if (!engine) throw new Error(`there is no engine ${index}`);
      return engine;
    },
    /** Lets time pass, ping by ping, until the engine is in this state. */
    until: (index: number, state: string) =>
      expect
        .poll(() => {
          if (stateOf(index) !== state) clock.pass(2_000);
          return stateOf(index);
        })
        .toBe(state),
    async place(callId = clock.newId()) {
      const session = pool.session(callId);
      const sdp = await session.offer(offer);
      return { callId, session, at: engines.findIndex(({ port }) => sdp === `v=0 of ${port}`) };
    },
    /** As rtpengine tells a call that fell silent. */
    silent: (callId: string) =>
      fetch(`http://127.0.0.1:${b2bPort}/`, {
        method: 'POST',
        body: `<methodName>teardown</methodName><string>${callId}</string>`,
      }),
  };
}

describe('new calls', () => {
  test('go where the fewest are', async () => {
    const { place } = await aPool(3);
    const calls = [await place(), await place(), await place(), await place(), await place(), await place()];
    expect(calls.map(({ at }) => at).toSorted()).toEqual([0, 0, 1, 1, 2, 2]);
    await calls.find(({ at }) => at === 1)?.session.end();
    expect((await place()).at).toBe(1);
  });

  test('are counted while their offers are on the way', async () => {
    const { place } = await aPool(2);
    const calls = await Promise.all([place(), place(), place(), place()]);
    expect(calls.map(({ at }) => at).toSorted()).toEqual([0, 0, 1, 1]);
  });

  test('avoid an engine that drains, and those on it go on', async () => {
    const { pool, place, engine } = await aPool(2);
    const running = await place();
    const drained = engine(running.at);
    expect(pool.drain(drained.name, true)).toMatchObject({ draining: true, state: 'up', sessions: 1 });
    for (let index = 0; index < 3; index += 1) expect((await place()).at).toBe(1 - running.at);
    expect(await running.session.answer('v=0', 'b')).toContain(String(drained.port));
    expect(await running.session.reoffer({ sdp: 'v=0', from: 'a' })).toContain(String(drained.port));
    pool.drain(drained.name, false);
    expect((await place()).at).toBe(running.at);
    expect(pool.drain('10.0.0.9:1', true)).toBeUndefined();
  });

  test('are refused where every engine drains or is dead, and it is said which', async () => {
    const { pool, place, engine, until } = await aPool(2);
    engine(0).mode = 'silent';
    await until(0, 'dead');
    expect(pool.healthy()).toBe(true);
    pool.drain(engine(1).name, true);
    expect(pool.healthy()).toBe(false);
    await expect(place()).rejects.toThrow(
      `no rtpengine takes a call: ${engine(0).name} is dead, ${engine(1).name} is draining`,
    );
  });
});

describe('an engine that has no room for a call', () => {
  const noRoom = 'Parallel session limit reached';

  test('gets no more of them until it has, and the pool is not healthy where no other is', async () => {
    const { pool, place, engine, clock } = await aPool(1);
    const running = await place();
    engine(0).refusal = noRoom;
    await expect(place()).rejects.toMatchObject({ kind: 'refused' });
    expect(pool.healthy()).toBe(false);
    expect(pool.engines()).toMatchObject([{ state: 'up', draining: false, full: true, sessions: 1 }]);
    const offers = () => engine(0).asked.filter((each) => each.startsWith('offer')).length;
    await expect(place()).rejects.toThrow(`${engine(0).name} is at its limit of sessions`);
    expect(offers()).toBe(2);

    // It is asked again with each ping, and what is offered then is none of our calls.
    clock.pass(2_000);
    await expect.poll(offers).toBe(3);
    expect(pool.healthy()).toBe(false);
    engine(0).refusal = undefined;
    await expect
      .poll(() => {
        clock.pass(2_000);
        return pool.healthy();
      })
      .toBe(true);
    await expect.poll(() => [...engine(0).calls]).toEqual([running.callId]);
    expect((await place()).at).toBe(0);
  });

  test('keeps those that it has, and leaves new ones to the others', async () => {
    const { pool, place, engine } = await aPool(2);
    const running = await place();
    const full = engine(running.at);
    full.refusal = noRoom;
    const calls = [await place(), await place(), await place()];
    expect(calls.map(({ at }) => at)).toEqual(Array(3).fill(1 - running.at));
    expect(full.asked.filter((each) => each.startsWith('offer'))).toHaveLength(2);
    expect(pool.healthy()).toBe(true);
    expect(await running.session.answer('v=0', 'b')).toContain(String(full.port));
  });
});

describe('an engine that is behind with its answers', () => {
  test('presses the pool until it has answered, or has been given up', async () => {
    const { pool, place, engine, clock } = await aPool(1);
    engine(0).mode = 'late';
    const placed = place();
    await expect.poll(() => engine(0).asked.length).toBe(1);
    clock.pass(300);
    expect(pool.pressed()).toBe(false);
    clock.pass(1);
    expect(pool.pressed()).toBe(true);
    engine(0).speaks();
    await placed;
    expect(pool.pressed()).toBe(false);
  });

  test('gets no new call while another one keeps up, though it has fewer', async () => {
    const { pool, place, engine, clock } = await aPool(2);
    const [first, second, third] = [await place(), await place(), await place()];
    expect([first.at, second.at, third.at]).toEqual([0, 1, 0]);
    engine(1).mode = 'late';
    const waiting = second.session.answer('v=0', 'b');
    await expect.poll(() => engine(1).asked.length).toBe(2);
    clock.pass(301);
    expect((await place()).at).toBe(0);
    expect(pool.pressed()).toBe(false);
    engine(1).speaks();
    await waiting;
    expect((await place()).at).toBe(1);
  });
});

describe('an offer', () => {
  test('without an answer moves on to the next engine, and the first one is suspect', async () => {
    const { place, engines, engine, stateOf, clock, until } = await aPool(2);
    engine(0).mode = 'late';
    const call = await place();
    expect(call.at).toBe(1);
    expect([stateOf(0), stateOf(1)]).toEqual(['suspect', 'up']);
    expect(engine(0).asked).toEqual([`offer ${call.callId}`]);
    expect((await place()).at).toBe(1);

    // What it has created meanwhile is deleted as soon as it can be relied on.
    expect(engine(0).calls).toEqual(new Set([call.callId]));
    engine(0).speaks();
    await until(0, 'up');
    await expect.poll(() => engine(0).calls.size).toBe(0);
    clock.pass(2_000);
    expect(engines[1]?.calls.has(call.callId)).toBe(true);
    expect((await place()).at).toBe(0);
  });

  test('that is refused for want of ports moves on, and the first one stays up', async () => {
    const { place, engine, stateOf } = await aPool(2);
    engine(0).refusal = 'Ran out of ports';
    expect((await place()).at).toBe(1);
    expect(stateOf(0)).toBe('up');
  });

  test('whose SDP cannot be read is the fault of the caller: no other engine is asked', async () => {
    const { place, engine } = await aPool(2);
    engine(0).refusal = 'Could not parse SDP';
    await expect(place()).rejects.toMatchObject({ kind: 'bad-sdp' });
    expect(engine(1).asked).toEqual([]);
  });

  test('is asked again where no other engine is left', async () => {
    const { place, engine, pool, until } = await aPool(2);
    engine(0).mode = 'silent';
    await until(0, 'dead');
    engine(1).mode = 'late';
    await expect(place()).rejects.toMatchObject({ kind: 'timeout' });
    expect(engine(1).asked).toHaveLength(2);
    expect(pool.healthy()).toBe(true);
    expect(pool.engines().map(({ sessions }) => sessions)).toEqual([0, 0]);
  });

  test('for the next target stays at its engine, and may move while nobody has its address', async () => {
    const { place, engine } = await aPool(2);
    const { session, callId, at } = await place();
    expect(await session.offer(offer)).toContain(String(engine(at).port));
    engine(at).mode = 'silent';
    expect(await session.offer(offer)).toContain(String(engine(1 - at).port));
    engine(1 - at).mode = 'answers';
    await session.answer('v=0', 'b');
    engine(1 - at).mode = 'silent';
    engine(at).mode = 'answers';
    await expect(session.offer(offer)).rejects.toMatchObject({ kind: 'timeout' });
    expect(engine(1 - at).calls.has(callId)).toBe(true);
  });

  test('that arrives after the call was ended leaves nothing at the engine', async () => {
    const { pool, engine, clock, until } = await aPool(1);
    engine(0).mode = 'late';
    const session = pool.session(clock.newId());
    const offered = expect(session.offer(offer)).rejects.toMatchObject({ kind: 'timeout' });
    await expect.poll(() => engine(0).calls.size).toBe(1);
    await session.end();
    await offered;
    engine(0).speaks();
    await until(0, 'up');
    await expect.poll(() => engine(0).calls.size).toBe(0);
    expect(pool.engines()).toMatchObject([{ sessions: 0 }]);
  });
});

describe('an engine that dies', () => {
  test('loses its calls, each told once, and takes no new ones until it is back', async () => {
    const { place, engine, lost, until, stateOf } = await aPool(2);
    const calls = [await place(), await place(), await place(), await place()];
    engine(0).mode = 'silent';
    await until(0, 'dead');
    const [there, elsewhere] = [calls.filter(({ at }) => at === 0), calls.filter(({ at }) => at === 1)];
    const why = `media-engine-lost: rtpengine at ${engine(0).name} stopped to answer`;
    expect(lost.toSorted()).toEqual(there.map(({ callId }) => `${callId} ${why}`).toSorted());
    expect(lost).toHaveLength(2);
    expect(stateOf(1)).toBe('up');
    expect(engine(1).calls.size).toBe(elsewhere.length);

    // Ended without waiting for somebody who is dead, and deleted there when it lives again.
    const before = engine(0).asked.length;
    for (const { session } of there) expect(await session.end()).toBeUndefined();
    expect(engine(0).asked).toHaveLength(before);
    expect((await place()).at).toBe(1);
    engine(0).mode = 'answers';
    await until(0, 'up');
    await expect.poll(() => engine(0).calls.size).toBe(0);
    expect((await place()).at).toBe(0);
  });

  test('leaves no capture behind', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'trunkline-pool-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const { place, engine, until } = await aPool(1, [dir]);
    const { callId, session } = await place();
    const files = [
      join(dir, 'pcaps', `${callId}-1a2b.pcap`),
      join(dir, 'metadata', `rtpengine-meta-${callId}-1.txt`),
    ];
    for (const folder of ['pcaps', 'metadata']) await mkdir(join(dir, folder));
    for (const file of files) await writeFile(file, '');
    engine(0).mode = 'silent';
    await until(0, 'dead');
    await session.end();
    await expect.poll(() => files.filter((file) => existsSync(file))).toEqual([]);
  });

  test('and is started anew between two pings loses the calls that it does not know', async () => {
    const { place, engine, lost, clock, stateOf } = await aPool(1);
    const [gone, known] = [await place(), await place()];
    engine(0).calls.delete(gone.callId);
    await expect
      .poll(() => {
        clock.pass(2_000);
        return lost;
      })
      .toEqual([`${gone.callId} media-engine-lost: rtpengine at ${engine(0).name} was started anew`]);
    expect(stateOf(0)).toBe('up');
    expect(engine(0).asked).toContain(`query ${known.callId}`);
  });
});

describe('a call that fell silent', () => {
  test('is told', async () => {
    const { place, silent, lost } = await aPool(2);
    const { callId } = await place();
    await silent(callId);
    await expect.poll(() => lost).toEqual([`${callId} media-lost: rtpengine saw no RTP from either side`]);
  });

  test('at an engine that it has left is none', async () => {
    const { place, silent, lost, engine } = await aPool(2);
    engine(0).mode = 'late';
    const moved = await place();
    expect(moved.at).toBe(1);
    const other = await place();
    await silent(moved.callId);
    await expect.poll(() => engine(1).asked).toContain(`query ${moved.callId}`);
    await silent(other.callId);
    await expect.poll(() => lost).toHaveLength(1);
    expect(lost[0]).toContain(other.callId);
  });
});
