import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { ulid } from 'ulid';
import { systemClock } from '../../gateway/media/clock.ts';
import { Pacer } from '../../gateway/media/pacer.ts';
import { cpuMs, percentile, residentBytes } from '../process-usage.ts';
import { openCaller } from './caller.ts';
import { printGateway } from './gateway-table.ts';

export interface GatewayFigures {
  readonly calls: number;
  readonly seconds: number;
  /** Of a core, per cent. */
  readonly cpuPerCall: number;
  /** Beside the first ten; undefined for no more than these. */
  readonly bytesPerCall: number | undefined;
  readonly residentBytes: number;
  /** How far packets are off the beat of 20 ms: as the gateway sends them, and as the caller gets them. */
  readonly pacingMs: { readonly p50: number; readonly p99: number; readonly atCallerP99: number };
  /** On the way to the gateway by their numbers, and in it for want of a reader. */
  readonly lost: number;
  readonly sent: number;
  readonly returned: number;
  readonly toSocketMs: readonly number[];
  readonly toCallerMs: readonly number[];
  readonly clearMs: readonly number[];
}

type Caller = Awaited<ReturnType<typeof openCaller>> & { readonly id: string; readonly to: number };

const WARM = 10;

/** The nice value that is nicest (nice(1)); children have that of their parent. */
const LAST = 19;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text: string) => void process.stderr.write(`${text}\n`);
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

async function start(file: string, env: Record<string, string> = {}) {
  const child = fork(file, {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [message] = (await once(child, 'message')) as [Record<string, unknown>];
  return { child, message };
}

const ask = async (child: ChildProcess, what: string) => {
  const answered = once(child, 'message');
  child.send(what);
  return ((await answered) as [{ delays: number[] }])[0].delays;
};

async function bench(calls: number, seconds: number): Promise<GatewayFigures> {
  // Who makes the load gives way to what is measured.
  setPriority(LAST);
  const agent = await start(here('agent.ts'));
  const gateway = await start(here('../../gateway/main.ts'), {
    ...{ GATEWAY_PRIVATE_AGENTS: 'allow', LOG_LEVEL: 'error' },
  });
  const pid = gateway.child.pid ?? 0;
  setPriority(pid, 0);
  const url = String(gateway.message['url']);
  let base: number | undefined;
  try {
    const callers: Caller[] = [];
    for (let call = 0; call < calls; call += 1) {
      // What the first calls allocate is the process's own: code, tables, pools.
      if (call === WARM) {
        await pause(3_000);
        base = residentBytes(pid);
      }
      await pause(10);
      callers.push(await open(url, `ws://127.0.0.1:${agent.message['port']}/`));
    }
    const pacer = new Pacer(systemClock);
    const stops = callers.map((caller) => pacer.add(() => caller.say(caller.to)));
    say(`${calls} calls are up; ${seconds} s are measured after a warm-up of 5 s`);
    await pause(5_000);
    await ask(agent.child, 'delays');
    for (const caller of callers) caller.count(true);
    const cpu = cpuMs(pid);
    await pause(seconds * 1_000);
    const used = cpuMs(pid) - cpu;
    const resident = residentBytes(pid);
    for (const caller of callers) caller.count(false);
    const toSocketMs = await ask(agent.child, 'delays');
    for (const stop of stops) stop();
    const stats = await Promise.all(callers.map(({ id }) => statsOf(url, id)));
    const pacing = stats.map(({ pacingErrorMs }) => pacingErrorMs);
    const clearMs = await interrupted(callers.slice(0, 20), agent.child);
    const counted = callers.map((caller) => caller.counted);
    const sum = (of: (one: (typeof counted)[number]) => number) =>
      counted.reduce((all, one) => all + of(one), 0);
    const figures = {
      ...{ calls, seconds, toSocketMs, clearMs },
      cpuPerCall: (used / (seconds * 1_000) / calls) * 100,
      bytesPerCall: base === undefined ? undefined : (resident - base) / (calls - WARM),
      residentBytes: resident,
      pacingMs: {
        p50: Math.max(...pacing.map(({ p50 }) => p50)),
        p99: Math.max(...pacing.map(({ p99 }) => p99)),
        atCallerP99:
          percentile(
            counted.flatMap(({ arrivals }) => offBeat(arrivals)),
            0.99,
          ) ?? Number.NaN,
      },
      lost: stats.reduce((all, { packetsLost, framesDropped }) => all + packetsLost + framesDropped, 0),
      sent: sum(({ sent }) => sent),
      returned: sum(({ returned }) => returned),
      toCallerMs: counted.flatMap(({ delays }) => delays),
    };
    for (const caller of callers) await caller[Symbol.asyncDispose]();
    return figures;
  } finally {
    agent.child.kill();
    gateway.child.kill('SIGKILL');
  }
}

async function open(gateway: string, url: string): Promise<Caller> {
  const caller = await openCaller();
  const request = {
    ...{ callId: ulid(), sdp: caller.offer, call: { from: '+15550199', to: '+15550100' } },
    agent: { url, dialect: 'twilio' },
  };
  const answered = await fetch(`${gateway}/sessions`, { method: 'POST', body: JSON.stringify(request) });
  const { sessionId, sdp } = (await answered.json()) as { sessionId: string; sdp: string };
  return { ...caller, id: sessionId, to: Number(/m=audio (\d+) /.exec(sdp)?.[1]) };
}

interface Stats {
  readonly pacingErrorMs: { readonly p50: number; readonly p99: number };
  readonly packetsLost: number;
  readonly framesDropped: number;
}

const statsOf = async (gateway: string, id: string) =>
  (await (await fetch(`${gateway}/sessions/${id}`)).json()) as Stats;

/** How far each packet is from where the beat that fits all of them best would have it, ms. */
function offBeat(arrivals: readonly number[]): number[] {
  const off = arrivals.map((at, index) => at - index * 20);
  const middle = percentile(off, 0.5) ?? 0;
  return off.map((each) => Math.abs(each - middle));
}

/** One after the other: from `clear` at the agent to the last frame that the caller still heard. */
async function interrupted(callers: readonly Caller[], agent: ChildProcess): Promise<number[]> {
  const took: number[] = [];
  for (const caller of callers) {
    caller.press(caller.to);
    const [{ clearedAt }] = (await once(agent, 'message')) as [{ clearedAt: number }];
    await pause(200);
    took.push(Math.max(0, caller.counted.lastLoudAt + 20 - clearedAt));
  }
  return took;
}

const program = new Command('bench:gateway')
  .description('the agent gateway under calls of 50 frames a second each way, as a process of its own')
  .option('--calls <n>', 'calls at the same time', '50')
  .option('--seconds <n>', 'how long is measured', '20')
  .option('--json', 'figures as JSON')
  .parse();
const { calls, seconds, json } = program.opts<{ calls: string; seconds: string; json?: boolean }>();
const figures = await bench(Number(calls), Number(seconds));
if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
else printGateway(figures);
process.exit(figures.lost === 0 ? 0 : 1);
