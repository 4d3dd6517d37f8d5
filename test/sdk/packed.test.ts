import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBundles } from '../../lib/build-bundles.ts';
import type { TrunklineSettings } from '../../sdk/cdk.ts';
import { synthesized } from '../lib/synthesized.ts';
import { aFolder } from '../local/stand-in.ts';
import { installLocked, type Manifest, type Tarball } from './locked-install.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

const manifest = async (file: string) => JSON.parse(await readFile(join(root, file), 'utf8')) as Manifest;

let folder: Awaited<ReturnType<typeof aFolder>>;
/** examples/ivr as its README has a customer copy it: outside of this project, with the packed package. */
let app: string;
/** Nothing but the package. */
let bare: string;

/** The packed package, seen from the folders beside it. */
let sdk: Tarball;

beforeAll(async () => {
  folder = await aFolder();
  [app, bare] = [join(folder.path, 'ivr'), join(folder.path, 'bare')];
  await run('npm', ['pack', join(root, 'sdk'), '--pack-destination', folder.path], { cwd: folder.path });
  const [tarball = ''] = (await readdir(folder.path)).filter((name) => name.endsWith('.tgz'));
  sdk = { file: join('..', tarball), manifest: await manifest('sdk/package.json') };
  await cp(join(root, 'examples', 'ivr'), app, { recursive: true });
  await installLocked(app, await manifest('examples/ivr/package.json'), sdk, root);
  await mkdir(bare);
  await installLocked(bare, { type: 'module' }, sdk, root);
}, 600_000);

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await rm(join(root, 'sdk', 'dist'), { recursive: true, force: true });
});

/** A customer's app that deploys the platform: with what the package says it needs, and neither bundler nor network. */
const platformApp = `
  import { Socket } from 'node:net';
  import { App, Stack } from 'aws-cdk-lib';
  import { TrunklinePlatform } from '@trunkline/sdk/cdk';
  Socket.prototype.connect = () => { throw new Error('this app needs no network'); };
  const app = new App({ analyticsReporting: false, builtinCloudFormationValidation: false });
  new TrunklinePlatform(new Stack(app, 'Theirs'), 'Phones', JSON.parse(process.argv[2]));
  app.synth();
`;

async function synthesizedByCustomer(settings: TrunklineSettings) {
  const { peerDependencies = {} } = await manifest('sdk/package.json');
  const { esbuild: _none, ...cdk } = peerDependencies;
  await installLocked(bare, { type: 'module', dependencies: cdk }, sdk, root);
  await writeFile(join(bare, 'app.mjs'), platformApp);
  const out = join(folder.path, 'theirs-out');
  const env = { ...process.env, CDK_OUTDIR: out };
  await run('node', ['app.mjs', JSON.stringify(settings)], { cwd: bare, env });
  return out;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** How many of each type. */
function inventory(template: { readonly Resources: Readonly<Record<string, { readonly Type: string }>> }) {
  const counts: Record<string, number> = {};
  for (const { Type } of Object.values(template.Resources)) counts[Type] = (counts[Type] ?? 0) + 1;
  return counts;
}

const program = (name: string, ...args: string[]) =>
  run(join(app, 'node_modules', '.bin', name), args, { cwd: app });

describe('the packed package', () => {
  test('has declarations that a strict compiler takes', async () => {
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
    // Where a declaration could not be read, all would be any, and nothing an error.
    const wrong = [
      "import { onCallEvent } from '@trunkline/sdk';",
      "import { CallEventHandler, TrunklinePlatform } from '@trunkline/sdk/cdk';",
      '// @ts-expect-error: there is no such event',
      "onCallEvent('call.anwsered', () => undefined);",
      '// @ts-expect-error: nor such a command',
      "onCallEvent('call.ended', ({ callId }, calls) => calls.hangUp(callId));",
      '// @ts-expect-error: nor such a filter',
      "new CallEventHandler(null as never, 'A', { platform: null as never, events: 'call.ended', where: { reson: ['x'] }, entry: '' });",
      '// @ts-expect-error: nor such a setting',
      "new TrunklinePlatform(null as never, 'B', { retentionDay: 7 });",
    ];
    await writeFile(join(app, 'wrong.ts'), wrong.join('\n'));
    // Every declaration is looked at, those that it stands on included.
    const modern = ['--module', 'nodenext', '--target', 'es2023', '--allowImportingTsExtensions'];
    const files = ['app.ts', 'ivr.test.ts', 'wrong.ts'];
    const said = await program('tsc', ...strict, ...modern, ...files).catch(
      (failed: { readonly stdout: string }) => failed,
    );
    const faults = said.stdout.split('\n').filter((line) => /^\S+: error TS/.test(line));
    // CDK's own declarations are not made for exactOptionalPropertyTypes.
    expect(faults.filter((line) => !line.startsWith('node_modules/aws-cdk-lib/'))).toEqual([]);
  }, 240_000);

  test('works with what it declares alone: handlers and the test kit need neither CDK nor a bundler', async () => {
    const uses = `
      import { onCallEvent } from '@trunkline/sdk';
      import { simulateCall } from '@trunkline/sdk/testing';
      const handler = onCallEvent('call.answered', ({ callId }, calls) => calls.play(callId, { file: 'a.wav' }));
      const call = await simulateCall({ handlers: [handler] });
      await call.isAnswered();
      console.log(call.commands.map(({ type }) => type).join());
    `;
    await writeFile(join(bare, 'uses.mjs'), uses);
    expect((await run('node', ['uses.mjs'], { cwd: bare })).stdout).toBe('call.play\n');
    expect(await readdir(join(bare, 'node_modules'))).not.toContain('aws-cdk-lib');
  });

  test('makes the template and bundles the handlers', async () => {
    await run('node', ['--import', 'tsx', 'app.ts'], {
      cwd: app,
      env: { ...process.env, CDK_OUTDIR: join(folder.path, 'out') },
    });
    const template = await readFile(join(folder.path, 'out', 'Ivr.template.json'), 'utf8');
    expect(template.match(/"Type": "AWS::Lambda::Function"/g)).toHaveLength(3);
  });

  test('has a test kit that runs the tests of the example', async () => {
    const { stdout } = await program('vitest', 'run', '--root', app, '--reporter=json');
    expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toMatchObject({ success: true });
  });

  test("deploys the platform from a customer's app: the resources and the functions of our own stack", async () => {
    const settings = { edges: ['edge-1', 'edge-2'], retentionDays: 7 };
    const out = await synthesizedByCustomer(settings);
    const theirs = JSON.parse(await readFile(join(out, 'Theirs.template.json'), 'utf8'));
    const ours = synthesized(settings).toJSON() as Parameters<typeof inventory>[0];
    expect(inventory(theirs)).toEqual(inventory(ours));
    const assets = (await readdir(out)).filter((name) => name.startsWith('asset.'));
    const files = await Promise.all(assets.map((name) => readFile(join(out, name, 'index.mjs'))));
    expect(files.map(sha256).sort()).toEqual([...buildBundles().values()].map(sha256).sort());
  }, 240_000);

  test('holds no test, no secret and nothing but what it needs', async () => {
    const files = await readdir(join(app, 'node_modules', '@trunkline', 'sdk'), { recursive: true });
    expect(files.filter((name) => /test\.|edge-node|\.env|\.pem/.test(name))).toEqual([]);
    expect(files).toContain('README.md');
  });
});

test('the package asks for the versions that were tested, and the example for the same', async () => {
  const ours = await manifest('package.json');
  const known = { ...ours.dependencies, ...ours.devDependencies, '@trunkline/sdk': '^0.1.0' };
  const sdk = await manifest('sdk/package.json');
  const ivr = await manifest('examples/ivr/package.json');
  expect(known).toMatchObject(sdk.dependencies ?? {});
  expect(known).toMatchObject({ ...ivr.dependencies, ...ivr.devDependencies });
  const { esbuild: _esbuild, ...peers } = sdk.peerDependencies ?? {};
  expect(known).toMatchObject(peers);
});
