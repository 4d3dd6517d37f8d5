import { openSync, writeSync } from 'node:fs';
import pino from 'pino';
import { systemClock } from '../../../edge-node/clock.ts';
import { startOutbox } from '../../../edge-node/outbox/outbox.ts';
import { aRinging } from '../an-event.ts';

/**
 * Records events as fast as it can until it is killed. Notes in a file what became of each: `recorded ID` once the
 * call has returned, `taken ID` once its bus has it. Says on stdout when `count` are recorded, and goes on.
 */
const [dir = '', bus = 'up', count = '0', notes = '', segmentBytes = '50000', padding = '0'] =
  process.argv.slice(2);

const file = openSync(notes, 'a');
const note = (what: string, id: string) => writeSync(file, `${what} ${id}\n`);

await using outbox = await startOutbox({
  dir,
  clock: systemClock,
  logger: pino({ level: 'silent' }),
  segmentBytes: Number(segmentBytes),
  memoryEvents: 500,
  batchEveryMs: 1,
  bus: {
    async put(entries) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (bus === 'away') throw new Error('away');
      return entries.map(({ detail }) => {
        note('taken', (JSON.parse(detail) as { id: string }).id);
        return { ok: true } as const;
      });
    },
  },
});

for (let recorded = 0; ; ) {
  for (let index = 0; index < 20; index += 1) {
    const event = aRinging({ target: 'x'.repeat(1 + Number(padding)) });
    outbox.record(event, index === 0);
    note('recorded', event.id);
    recorded += 1;
    if (recorded === Number(count)) process.stdout.write('enough\n');
  }
  await new Promise((resolve) => setImmediate(resolve));
}
