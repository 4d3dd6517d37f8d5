import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgePermissions, readReasons } from './permissions.mjs';

/** Each step is a command; those of vitest also say how many tests there were. */
const steps = [
  { name: 'types', command: ['tsc', '--noEmit', '-p', '.'] },
  { name: 'lint and format', command: ['biome', 'ci', '.'] },
  {
    name: 'arrows',
    command: [
      'depcruise',
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err',
      'contracts',
      'core',
      'functions',
      'edge-node',
      'lib',
      'sdk',
      'bin',
      'local',
      'bench',
      'test',
    ],
  },
  { name: 'dead code', command: ['knip'] },
  { name: 'unit', command: ['vitest', 'run', '--project', 'unit'], counts: true },
  { name: 'end to end', command: ['vitest', 'run', '--project', 'e2e'], counts: true },
];

const reporter = fileURLToPath(new URL('./test-report.mjs', import.meta.url));

/** Runs everything, also after a failure, and tells all that failed. `node bin/run.mjs test unit` runs steps by name. */
export function runTests(root, wanted) {
  const reports = join(root, '.trunkline', 'reports');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(permissionsIn(reports), { recursive: true });
  const chosen =
    wanted.length === 0 ? steps : steps.filter(({ name }) => wanted.some((word) => name.startsWith(word)));
  const results = chosen.map((step) => runStep(root, reports, step));
  const isWhole = steps.every((step) => !step.counts || chosen.includes(step));
  if (isWhole) results.push(checkPermissions(root, reports));
  process.stdout.write('\n');
  for (const { name, ok, passed, failed, seconds } of results) {
    process.stdout.write(
      `${ok ? 'ok  ' : 'FAIL'}  ${name}: ${passed} passed, ${failed} failed, ${seconds} s\n`,
    );
  }
  // Told again at the very end: whoever sees only the last lines of a long log still learns what to look at.
  for (const { title, why } of results.flatMap(({ failures = [] }) => failures))
    process.stdout.write(`\nfailed: ${title}\n${why}\n`);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
  return results.every(({ ok }) => ok) ? 0 : 1;
}

function runStep(root, reports, { name, command: [program, ...args], counts }) {
  process.stdout.write(`\n== ${name}\n`);
  const started = Date.now();
  const report = join(reports, `${name.replaceAll(' ', '-')}.json`);
  const reporting = counts ? ['--reporter=default', `--reporter=${reporter}`] : [];
  const { status } = spawnSync(join(root, 'node_modules', '.bin', program), [...args, ...reporting], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      TRUNKLINE_TEST_REPORT: report,
      TRUNKLINE_PERMISSION_REPORTS: permissionsIn(reports),
    },
  });
  const seconds = Math.round((Date.now() - started) / 1000);
  const ok = status === 0;
  if (!counts) return { name, ok, seconds, passed: Number(ok), failed: Number(!ok) };
  return { name, seconds, ...countTests(report, ok) };
}

const permissionsIn = (reports) => join(reports, 'permissions');

/** Only after all tests: what one of them leaves unused another may need. */
function checkPermissions(root, reports) {
  const name = 'permissions';
  const started = Date.now();
  process.stdout.write(`\n== ${name}\n`);
  const reasons = readReasons(
    JSON.parse(readFileSync(join(root, 'test', 'unused-permissions.json'), 'utf8')),
  );
  const { allowed, used, unused, faults } = judgePermissions(permissionsIn(reports), reasons);
  for (const key of unused)
    process.stdout.write(`unused  ${key}${reasons[key] ? ` (${reasons[key]})` : ''}\n`);
  process.stdout.write(`${used} of ${allowed} allowed actions were needed by a test\n`);
  const failures = faults.map((title) => ({ title, why: 'see test/unused-permissions.json' }));
  const seconds = Math.round((Date.now() - started) / 1000);
  return { name, ok: faults.length === 0, seconds, passed: used, failed: faults.length, failures };
}

/** A run that skipped a test has not passed: whatever a test needs, the project installs. */
function countTests(report, exitedWell) {
  try {
    const { passed, failed, skipped, failures } = JSON.parse(readFileSync(report, 'utf8'));
    const ok = exitedWell && failed + skipped === 0 && passed > 0;
    return { ok, passed, failed: Math.max(failed + skipped, Number(!ok)), failures };
  } catch (error) {
    return { ok: false, passed: 0, failed: 1, failures: [{ title: report, why: error.message }] };
  }
}
