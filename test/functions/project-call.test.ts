import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import type { CallScopedEvent } from '../../contracts/events.ts';
import type { CallRecords } from '../../functions/ports.ts';
import { project } from '../../functions/project-call.ts';
import { aCall, anEvent } from './an-event.ts';
import { memoryCalls } from './in-memory.ts';

const patience = { retries: 3, minTimeout: 0 };
const {
  seq: _seq,
  edge: _edge,
  ...refusedByControl
} = anEvent('command.refused', { command: 'call.hangup', reason: 'invalid', message: 'x' });

describe('project-call', () => {
  test('a whole call becomes a complete record with every event filed', async () => {
    const { calls, events } = memoryCalls();
    const story = aCall();
    for (const event of story)
      expect(await project({ calls, patience })(event)).toMatchObject({ outcome: 'projected' });
    const record = await calls.load(String((story[0] as CallScopedEvent).callId), 'latest');
    expect(record?.state).toMatchObject({
      phase: 'ended',
      complete: true,
      ended: { reason: 'caller-hangup' },
    });
    expect(events.size).toBe(story.length);
  });

  test('a repeated event changes nothing', async () => {
    const { calls } = memoryCalls();
    const event = anEvent('call.received');
    await project({ calls, patience })(event);
    const before = await calls.load(event.callId, 'latest');
    expect(await project({ calls, patience })(event)).toEqual({ outcome: 'duplicate' });
    expect(await calls.load(event.callId, 'latest')).toEqual(before);
  });

  test('an event that was filed but not folded, because the function died between, is folded when it comes again', async () => {
    const { calls } = memoryCalls();
    const event = anEvent('call.received');
    await calls.addEvent(event);
    expect(await project({ calls, patience })(event)).toMatchObject({ outcome: 'projected' });
    expect((await calls.load(event.callId, 'latest'))?.state.received).toBeDefined();
  });

  test('a record that others keep changing is an error, and the event is tried again later', async () => {
    const calls: CallRecords = { ...memoryCalls().calls, save: async () => false };
    await expect(project({ calls, patience })(anEvent('call.received'))).rejects.toThrow('kept changing');
  });

  test('of many events at once, who comes late folds what is filed, and the others find nothing to do', async () => {
    const { calls } = memoryCalls();
    let writes = 0;
    const counted: CallRecords = {
      ...calls,
      save: (state, after) => {
        writes += 1;
        return calls.save(state, after);
      },
    };
    const callId = ulid();
    const burst = Array.from({ length: 20 }, (_, seq) =>
      anEvent('dtmf.received', { callId, seq, digitId: ulid() }),
    );
    const said = await Promise.all(
      burst.map(project({ calls: counted, patience: { retries: 2, minTimeout: 0 } })),
    );
    expect(said.every(({ outcome }) => outcome === 'projected')).toBe(true);
    expect((await calls.load(callId, 'latest'))?.state).toMatchObject({
      seen: [[0, 19]],
      digitCount: { received: 20 },
    });
    // One of the first round is taken, and one of the second, which has all.
    expect(await calls.load(callId, 'latest')).toMatchObject({ revision: 2 });
    expect(writes).toBe(20 + 19);
  });

  test('a stale read is corrected by a fresh one', async () => {
    const { calls } = memoryCalls();
    const [first, second] = aCall() as [CallScopedEvent, CallScopedEvent];
    await project({ calls, patience })(first);
    const stale: CallRecords = {
      ...calls,
      load: async (callId, freshness) => (freshness === 'cached' ? undefined : calls.load(callId, freshness)),
    };
    await project({ calls: stale, patience })(second);
    expect((await calls.load(String(first.callId), 'latest'))?.state).toMatchObject({
      phase: 'routed',
      missing: [],
    });
  });

  test('a table that is away is an error at once', async () => {
    const away = { ...memoryCalls().calls, load: () => Promise.reject(new Error('the table is away')) };
    await expect(project({ calls: away, patience })(anEvent('call.received'))).rejects.toThrow(
      'the table is away',
    );
  });

  test('what the control plane says of a known call is filed, without a seq', async () => {
    const { calls, events } = memoryCalls();
    const { callId } = anEvent('call.received');
    await project({ calls, patience })(anEvent('call.received', { callId }));
    await project({ calls, patience })({ ...refusedByControl, callId });
    expect(events.size).toBe(2);
  });

  test('what the control plane says of an unknown call brings no record into being', async () => {
    const { calls, events } = memoryCalls();
    expect(await project({ calls, patience })(refusedByControl)).toEqual({ outcome: 'of-unknown-call' });
    expect(events.size).toBe(0);
  });

  test('an event of an edge itself is no event of a call', async () => {
    const { calls } = memoryCalls();
    await expect(project({ calls, patience })(anEvent('edge.started'))).rejects.toThrow('type: edge.started');
  });
});
