import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { BusEvent } from '../../local/cloud/local-cloud.ts';
import { busLine } from './event-line.ts';
import { Failure } from './failure.ts';
import { needRunning } from './running.ts';

export function addEvents(trunkline: Command): void {
  const events = trunkline.command('events').description('events of the running platform');
  events
    .command('tail')
    .description('print events as they happen, until Ctrl-C')
    .option('--filter <glob>', 'types to show, such as "call.*" or "dtmf.received"', '*')
    .option('--call <id>', 'events of one call')
    .option('--json', 'one JSON a line')
    .action(async (options: { filter: string; call?: string; json?: boolean }) => {
      const running = await needRunning();
      const matches = globOf(options.filter);
      const answer = await fetch(running.events).catch(() => undefined);
      if (!answer?.body) throw new Failure(`the platform does not answer at ${running.events}`);
      const lines = createInterface({
        input: Readable.fromWeb(answer.body as never).once('error', () => lines.close()),
      });
      for await (const line of lines) {
        const event = JSON.parse(line) as BusEvent;
        const { callId } = (event.detail ?? {}) as { callId?: string };
        if (!matches(event['detail-type']) || (options.call !== undefined && callId !== options.call))
          continue;
        process.stdout.write(`${options.json ? line : busLine(event)}\n`);
      }
    });
}

export function globOf(glob: string): (text: string) => boolean {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`);
  return (text) => expression.test(text);
}
