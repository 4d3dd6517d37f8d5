import { Command } from 'commander';
import { hammer } from './hammer.ts';
import { spoiledIsSurvived, validIsKept } from './properties.ts';

/* By hand, for as long as asked: `npm run fuzz -- --minutes 10 [--seed N]`. A failure names the seed of its round. */
const ROUND = { properties: 2_000, hammered: 1_000 };

await new Command('fuzz')
  .description('odd and spoiled SIP messages for the parser and for a running server')
  .option('--minutes <n>', 'how long', '1')
  .option('--seed <n>', 'of the first round; the next ones count on', String(Date.now() % 2 ** 31))
  .action(async ({ minutes, seed }: { minutes: string; seed: string }) => {
    const until = performance.now() + Number(minutes) * 60_000;
    let rounds = 0;
    for (; rounds === 0 || performance.now() < until; rounds++) {
      const of = Number(seed) + rounds;
      try {
        validIsKept({ numRuns: ROUND.properties, seed: of });
        spoiledIsSurvived({ numRuns: ROUND.properties, seed: of });
        await hammer({ cases: ROUND.hammered, seed: of });
      } catch (cause) {
        throw new Error(`seed ${of} fails`, { cause });
      }
    }
    const cases = rounds * (2 * ROUND.properties + ROUND.hammered);
    process.stdout.write(`${rounds} rounds, ${cases} cases, seeds from ${seed}: nothing failed\n`);
  })
  .parseAsync(process.argv);
