import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { cpuMs, residentBytes } from '../process-usage.ts';
import type { AtAgent } from './agent.ts';

/** By how much the load gives way to what is measured (nice(1), at most 19); children have the priority of their parent. */
const GIVES_WAY = 10;

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

export interface Processes extends Disposable {
  /** The gateway, and what the kernel says of it alone. */
  readonly url: string;
  cpuMs(): number;
  residentBytes(): number;
  /** Sockets, timers' descriptors and files. */
  handles(): number;
  readonly agentUrl: string;
  readonly agent: ChildProcess;
  /** What the agent knows of these calls, and forgets. */
  timesOf(callIds: readonly string[]): Promise<AtAgent[]>;
}

/** What is measured in a process of its own; who makes the load, this process and the agent, gives way to it. */
export async function startProcesses(): Promise<Processes> {
  const gateway = await start(here('../../gateway/main.ts'), {
    ...{ GATEWAY_PRIVATE_AGENTS: 'allow', LOG_LEVEL: 'error' },
  });
  setPriority(Math.min(19, getPriority() + GIVES_WAY));
  const agent = await start(here('agent.ts'));
  const pid = gateway.child.pid ?? 0;
  const kill = () => {
    agent.child.kill('SIGKILL');
    gateway.child.kill('SIGKILL');
  };
  // However this process ends, it leaves none behind.
  process.once('exit', kill);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  return {
    ...{ url: String(gateway.message['url']), agent: agent.child },
    agentUrl: `ws://127.0.0.1:${agent.message['port']}/`,
    cpuMs: () => cpuMs(pid),
    residentBytes: () => residentBytes(pid),
    handles: () => readdirSync(`/proc/${pid}/fd`).length,
    async timesOf(callIds) {
      const answered = once(agent.child, 'message');
      agent.child.send(callIds);
      return ((await answered) as [{ times: AtAgent[] }])[0].times;
    },
    [Symbol.dispose]: kill,
  };
}
