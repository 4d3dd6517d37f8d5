import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import type { RoutingConfig } from '../../contracts/config.ts';
import { Parts } from '../../edge-node/parts.ts';
import { type Carrier, startCarrier } from '../../local/phone/carrier.ts';
import { preparePrompts } from '../../local/prompts.ts';
import { Failure } from './failure.ts';

/** A customer's CDK app, synthesized, with what stands beside it in its folder. */
export interface AppFolder extends AsyncDisposable {
  /** What `cdk synth` would write. */
  readonly assembly: string;
  /** `trunkline.yaml`, where there is one. */
  readonly config: string | undefined;
  /** Recordings of `prompts/`, those included that espeak-ng speaks. */
  readonly prompts: string | undefined;
}

const CdkJson = z.looseObject({
  app: z.string().min(1),
  context: z.record(z.string(), z.unknown()).default({}),
});

/** @throws Failure (exit code 2) that says what is wrong with the folder, or what the app said when it failed. */
export async function openApp(path: string): Promise<AppFolder> {
  const folder = resolve(path);
  const { app, context } = await readCdkJson(folder);
  const parts = new Parts();
  try {
    const assembly = await mkdtemp(join(tmpdir(), 'trunkline-app-'));
    parts.use({ [Symbol.asyncDispose]: () => rm(assembly, { recursive: true, force: true }) });
    await synthesize(folder, app, { CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: JSON.stringify(context) });
    const prompts = await ifThere(join(folder, 'prompts'));
    return {
      assembly,
      config: await ifThere(join(folder, 'trunkline.yaml')),
      prompts: prompts === undefined ? undefined : parts.use(await preparePrompts(prompts)).path,
      [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
    };
  } catch (error) {
    await parts[Symbol.asyncDispose]();
    throw error;
  }
}

const ifThere = (path: string) =>
  access(path).then(
    () => path,
    () => undefined,
  );

async function readCdkJson(folder: string): Promise<z.infer<typeof CdkJson>> {
  const file = join(folder, 'cdk.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Failure(`--app: ${folder} has no cdk.json: give the folder of a CDK app`, 2);
  });
  try {
    return CdkJson.parse(JSON.parse(text));
  } catch {
    throw new Failure(
      `${file}: must be JSON with "app", the command that makes the app, such as "npx tsx app.ts"`,
      2,
    );
  }
}

/** Runs the app as the CDK CLI does, without the CLI: no account, no credentials, no network. */
async function synthesize(folder: string, command: string, env: Readonly<Record<string, string>>) {
  const child = spawn(command, {
    cwd: folder,
    shell: true,
    env: { ...process.env, ...env, PATH: pathFrom(folder) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-4_000);
    });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Failure(`the app in ${folder} ended with ${code ?? 'a signal'}: ${command}\n${said.trim()}`, 2);
  if ((await ifThere(join(env['CDK_OUTDIR'] ?? '', 'manifest.json'))) === undefined)
    throw new Failure(
      `the app in ${folder} synthesized nothing: it must call app.synth()\n${said.trim()}`,
      2,
    );
}

/** The programs of packages that are installed in the folder or above it, before all others. */
function pathFrom(folder: string): string {
  const above = (at: string): string[] => (dirname(at) === at ? [at] : [at, ...above(dirname(at))]);
  return [...above(folder).map((at) => join(at, 'node_modules', '.bin')), process.env['PATH']].join(
    delimiter,
  );
}

/** Agents whose address is on this machine and taken by nobody: each answers, and sends back what it hears. */
export async function standInFor({ agents }: RoutingConfig): Promise<readonly Carrier[]> {
  const uris = Object.values(agents).flatMap(({ targets }) =>
    targets.flatMap((target) => ('uri' in target ? [target.uri] : [])),
  );
  const places = new Set(uris.flatMap((uri) => /@(127\.[\d.]+:\d+)/.exec(uri)?.[1] ?? []));
  const started = [];
  for (const place of places) {
    const [host = '', port] = place.split(':');
    const agent = await startCarrier(Number(port), host).catch(() => undefined);
    if (agent) started.push(agent);
  }
  return started;
}
