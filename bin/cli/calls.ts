import type { Command } from 'commander';
import { beginningOf, type CallState } from '../../core/call-state.ts';
import { renderCall } from './call-view.ts';
import { eventLine } from './event-line.ts';
import { explainMedia, negotiationsIn } from './explain-media.ts';
import { Failure } from './failure.ts';
import { stateTables } from './state.ts';

interface ListOptions {
  readonly active?: boolean;
  readonly number?: string;
  readonly limit: string;
  readonly json?: boolean;
}

export function addCalls(trunkline: Command): void {
  const calls = trunkline.command('calls').description('records of calls');
  calls
    .command('list')
    .description('calls, the newest first')
    .option('--active', 'only those that are up')
    .option('--number <number>', 'only those to or from this number')
    .option('--limit <n>', 'how many', '20')
    .option('--json', 'states as a JSON array')
    .action(list);
  calls
    .command('explain <id>')
    .description(
      'every SDP of a call, what became of each codec, and the rule behind it; the end of an id is enough',
    )
    .option('--json', 'the negotiations as a JSON array')
    .action(explain);
  calls
    .command('show <id>')
    .description('one call: why it ended, who is to blame, and its timeline; the end of an id is enough')
    .option('--json', 'state and timeline as JSON')
    .action(show);
}

async function list({ active, number, limit, json }: ListOptions): Promise<void> {
  await using tables = await stateTables('calls');
  const all = (await tables.calls()).reverse();
  const concerns = (call: CallState) => {
    const { to, from } = beginningOf(call) ?? {};
    return to?.number === number || from?.number === number;
  };
  const chosen = all
    .filter((call) => !active || call.phase !== 'ended')
    .filter((call) => number === undefined || concerns(call))
    .slice(0, Number(limit) || 20);
  if (json) return void process.stdout.write(`${JSON.stringify(chosen)}\n`);
  if (chosen.length === 0) return void process.stdout.write('no calls\n');
  for (const call of chosen) process.stdout.write(`${listLine(call)}\n`);
}

function listLine(call: CallState): string {
  const began = beginningOf(call);
  const { answered, ended, routed } = call;
  const who = `${began?.from.number ?? '?'} → ${began?.to.number ?? '?'}`;
  const how = ended ? `${ended.reason} (${ended.blame})` : call.phase;
  const talk = ended && answered ? `${(ended.talkMs / 1000).toFixed(1)} s` : '-';
  return `${call.callId}  ${began?.time ?? '?'}  ${who.padEnd(28)} ${(answered?.target ?? routed?.agent ?? '-').padEnd(12)} ${talk.padStart(8)}  ${how}`;
}

async function explain(id: string, { json }: { json?: boolean }): Promise<void> {
  await using tables = await stateTables('calls');
  const state = (await tables.call(id)) ?? (await theOneEnding(id, await tables.calls()));
  const timeline = await tables.timeline(state.callId);
  const text = json
    ? `${JSON.stringify(negotiationsIn(timeline), null, 2)}\n`
    : explainMedia(state, timeline);
  process.stdout.write(text);
}

async function show(id: string, { json }: { json?: boolean }): Promise<void> {
  await using tables = await stateTables('calls');
  const state = (await tables.call(id)) ?? (await theOneEnding(id, await tables.calls()));
  const timeline = await tables.timeline(state.callId);
  if (json) return void process.stdout.write(`${JSON.stringify({ state, timeline })}\n`);
  process.stdout.write(`${renderCall(state)}\n\nTimeline\n${timeline.map(eventLine).join('\n')}\n`);
}

function theOneEnding(id: string, calls: readonly CallState[]): CallState {
  const [found, another] = calls.filter(({ callId }) => callId.endsWith(id.toUpperCase()));
  if (found && !another) return found;
  throw new Failure(
    found
      ? `more than one call ends with ${id}: give more of the id`
      : `there is no call ${id}: see \`npx trunkline calls list\``,
  );
}
