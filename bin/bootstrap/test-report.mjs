import { writeFileSync } from 'node:fs';

/**
 * Vitest reporter: writes what `npm test` tells at its end into the file of TRUNKLINE_TEST_REPORT, as
 * `{passed, failed, skipped, failures: [{title, why}]}`. An error outside of every test counts as a failure, too.
 */
export default class TestReport {
  onTestRunEnd(modules, unhandled) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state) => tests.filter((test) => test.result().state === state);
    const failures = [
      ...inState('failed').map((test) =>
        failure(`${test.module.relativeModuleId} > ${test.fullName}`, test.result().errors),
      ),
      ...modules
        .filter((module) => module.errors().length > 0)
        .map((module) => failure(module.relativeModuleId, module.errors())),
      ...unhandled.map((error) => failure(`outside of every test: ${error.type ?? 'error'}`, [error])),
    ];
    const report = {
      passed: inState('passed').length,
      failed: failures.length,
      skipped: tests.length - inState('passed').length - inState('failed').length,
      failures,
    };
    writeFileSync(process.env.TRUNKLINE_TEST_REPORT, JSON.stringify(report, null, 2));
  }
}

const failure = (title, errors) => ({
  title,
  why: errors
    .map(({ stack, message }) => stack ?? message)
    .join('\n')
    .slice(0, 3000),
});
