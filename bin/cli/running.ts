import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from './failure.ts';

export interface RunningEdge {
  readonly id: string;
  readonly sip: { readonly host: string; readonly port: number };
  /** Where it has a certificate. */
  readonly tls?: { readonly host: string; readonly port: number };
  readonly http: { readonly host: string; readonly port: number };
}

/** What `up` leaves for the other verbs: where everything is. */
export interface RunningPlatform {
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly sip: { readonly host: string; readonly port: number };
  readonly http: { readonly host: string; readonly port: number };
  /** Every edge; `sip` and `http` above are the first one's. */
  readonly edges: readonly RunningEdge[];
  /** Stream of events, one JSON a line. */
  readonly events: string;
}

const folder = '.trunkline';
const file = join(folder, 'up.json');

export async function announce(platform: RunningPlatform): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify(platform, null, 2), { mode: 0o600 });
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}

/** The platform that runs here, if its process is alive. */
export async function findRunning(): Promise<RunningPlatform | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const platform = JSON.parse(text) as RunningPlatform;
  try {
    process.kill(platform.pid, 0);
    return platform;
  } catch {
    return undefined;
  }
}

export async function needRunning(): Promise<RunningPlatform> {
  const platform = await findRunning();
  if (platform) return platform;
  throw new Failure('no platform runs in this folder: start one with `npx trunkline up`');
}
