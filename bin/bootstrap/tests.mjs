import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

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

/** Runs everything, also after a failure, and tells all that failed. `node bin/run.mjs test unit` runs steps by name. */
export function runTests(root, wanted) {
  const reports = join(root, '.trunkline', 'reports');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const chosen =
    wanted.length === 0 ? steps : steps.filter(({ name }) => wanted.some((word) => name.startsWith(word)));
  const results = chosen.map((step) => runStep(root, reports, step));
  process.stdout.write('\n');
  for (const { name, ok, passed, failed, seconds } of results) {
    process.stdout.write(
      `${ok ? 'ok  ' : 'FAIL'}  ${name}: ${passed} passed, ${failed} failed, ${seconds} s\n`,
    );
  }
  for (const { title, why } of results.flatMap(({ failures = [] }) => failures))
    process.stdout.write(`\nfailed: ${title}\n        ${why}\n`);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
  return results.every(({ ok }) => ok) ? 0 : 1;
}

function runStep(root, reports, { name, command: [program, ...args], counts }) {
  process.stdout.write(`\n== ${name}\n`);
  const started = Date.now();
  const report = join(reports, `${name.replaceAll(' ', '-')}.json`);
  const reporting = counts ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : [];
  const { status } = spawnSync(join(root, 'node_modules', '.bin', program), [...args, ...reporting], {
    cwd: root,
    stdio: 'inherit',
  });
  const seconds = Math.round((Date.now() - started) / 1000);
  const ok = status === 0;
  if (!counts) return { name, ok, seconds, passed: Number(ok), failed: Number(!ok) };
  return { name, seconds, ...countTests(report, ok) };
}

/** A run that skipped a test has not passed: whatever a test needs, the project installs. */
function countTests(report, exitedWell) {
  try {
    const said = JSON.parse(readFileSync(report, 'utf8'));
    const { numPassedTests, numFailedTests, numPendingTests, numTotalTests } = said;
    const failed = numFailedTests + numPendingTests + (exitedWell || numFailedTests > 0 ? 0 : 1);
    const ok = exitedWell && failed === 0 && numTotalTests > 0;
    return { ok, passed: numPassedTests, failed, failures: ok ? [] : failuresIn(said) };
  } catch (error) {
    return { ok: false, passed: 0, failed: 1, failures: [{ title: report, why: error.message }] };
  }
}

/** Told again at the very end: whoever sees only the last lines of a long log still learns what to look at. */
function failuresIn({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const unwell = assertionResults.filter((test) => test.status !== 'passed');
    if (unwell.length === 0) return status === 'passed' ? [] : [{ title: name, why: message }];
    return unwell.map((test) => ({
      title: `${name} > ${test.fullName}`,
      why: test.failureMessages.join('\n').slice(0, 2000) || test.status,
    }));
  });
}
