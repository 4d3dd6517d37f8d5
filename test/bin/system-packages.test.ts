import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProgram } from '../../local/child-process.ts';
import { aFolder, standIn } from '../local/stand-in.ts';

const bootstrap = new URL('../../bin/bootstrap/system-packages.mjs', import.meta.url).href;

/** A machine of Debian with nothing but a shell, and an apt-get that does `install`. */
async function aMachine(folder: string, install: string) {
  for (const tool of ['sh', 'env', 'rm', 'chmod', 'cp', 'sleep'])
    await symlink((await findProgram(tool)) ?? '', join(folder, tool));
  const [log, policy, osRelease] = ['log', 'policy-rc.d', 'os-release'].map((name) => join(folder, name));
  await writeFile(osRelease ?? '', 'PRETTY_NAME="A machine"\nID=ubuntu\nID_LIKE=debian\n');
  await standIn(folder, 'sudo', '[ "$1" = -n ] && shift\nexec "$@"');
  await standIn(
    folder,
    'apt-get',
    `echo "$DEBIAN_FRONTEND $*" >>"${log}"\n[ "$1" = update ] || { ${install}\n}`,
  );
  return { folder, policy: policy ?? '', osRelease: osRelease ?? '', log: () => readFile(log ?? '', 'utf8') };
}

type Machine = Pick<Awaited<ReturnType<typeof aMachine>>, 'folder' | 'policy' | 'osRelease'>;

/** The bootstrap as a process whose whole world is the machine. */
function start({ folder, policy, osRelease }: Machine, tests = true) {
  const program = `import { installSystemPackages } from '${bootstrap}';
    try { installSystemPackages(${JSON.stringify({ policy, osRelease, tests })}); } catch (error) { console.log(error.message); process.exit(2); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { PATH: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout }));
  return { ended, interrupt: () => process.kill(-(child.pid ?? 0), 'SIGINT') };
}

const putAll = (folder: string) =>
  `for program in rtpengine sipp sox espeak-ng kamailio baresip dnsmasq; do cp "${folder}/sh" "${folder}/$program"; done`;
const keepPolicy = (folder: string) => `cp "${folder}/policy-rc.d" "${folder}/policy-then";`;

test('what is missing is installed, without its friends, without a question, and no daemon starts', async () => {
  await using folder = await aFolder();
  const machine = await aMachine(folder.path, `${keepPolicy(folder.path)} ${putAll(folder.path)}`);
  expect(await start(machine).ended).toEqual({ code: 0, stdout: '' });
  expect(await machine.log()).toBe(
    'noninteractive update -q\nnoninteractive install -q -y --no-install-recommends rtpengine-daemon sip-tester sox espeak-ng kamailio baresip-core dnsmasq-base\n',
  );
  expect(await readFile(join(folder.path, 'policy-then'), 'utf8')).toBe('#!/bin/sh\nexit 101\n');
  expect(existsSync(machine.policy)).toBe(false);
});

test('for a call alone, nothing is installed that only tests start', async () => {
  await using folder = await aFolder();
  const machine = await aMachine(folder.path, putAll(folder.path));
  expect(await start(machine, false).ended).toMatchObject({ code: 0 });
  expect(await machine.log()).toMatch(/ rtpengine-daemon sip-tester sox espeak-ng\n$/);
});

test('the policy of the machine stays as it is', async () => {
  await using folder = await aFolder();
  const machine = await aMachine(folder.path, `${keepPolicy(folder.path)} ${putAll(folder.path)}`);
  await writeFile(machine.policy, 'theirs');
  expect(await start(machine).ended).toMatchObject({ code: 0 });
  expect(await readFile(join(folder.path, 'policy-then'), 'utf8')).toBe('theirs');
  expect(await readFile(machine.policy, 'utf8')).toBe('theirs');
});

test('an interrupt leaves no policy behind that would keep every daemon down', async () => {
  await using folder = await aFolder();
  const machine = await aMachine(folder.path, 'sleep 60');
  const running = start(machine);
  await expect.poll(() => existsSync(machine.policy)).toBe(true);
  running.interrupt();
  await running.ended;
  await expect.poll(() => !existsSync(machine.policy)).toBe(true);
});

test('where apt-get fails, it is said what to do by hand', async () => {
  await using folder = await aFolder();
  const machine = await aMachine(folder.path, 'exit 100');
  const { code, stdout } = await start(machine).ended;
  expect(code).toBe(2);
  expect(stdout).toContain(
    'sudo apt-get install --no-install-recommends rtpengine-daemon sip-tester sox espeak-ng kamailio baresip-core dnsmasq-base',
  );
  expect(existsSync(machine.policy)).toBe(false);
});

test('a machine that is not Debian is told what is missing, and left alone', async () => {
  await using folder = await aFolder();
  const machine = await aMachine(folder.path, putAll(folder.path));
  await writeFile(machine.osRelease, 'ID=fedora\n');
  const { code, stdout } = await start(machine).ended;
  expect(code).toBe(2);
  expect(stdout).toContain(
    'Missing on this machine: rtpengine, sipp, sox, espeak-ng, kamailio, baresip, dnsmasq.',
  );
  await expect(machine.log()).rejects.toThrow('ENOENT');
});
