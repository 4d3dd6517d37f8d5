import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Bounds against hanging, not measures: a busy machine may take its time. */
const patient = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 20_000, interval: 20 } },
};

/** The AWS SDK's advice on Node's versions, once for each test file. */
const quiet = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

const source = (file: string) => fileURLToPath(new URL(`./sdk/${file}`, import.meta.url));

/** The examples name the package as customers do; here its source answers to that, as in tsconfig.json. */
const resolve = {
  alias: [
    { find: /^@trunkline\/sdk$/, replacement: source('index.ts') },
    { find: '@trunkline/sdk/cdk', replacement: source('cdk.ts') },
    { find: '@trunkline/sdk/testing', replacement: source('testing.ts') },
  ],
};

/** Unit tests run side by side; end-to-end tests own sockets, rtpengine and both cores, so they take turns. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          env: quiet,
          ...patient,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          env: quiet,
          ...patient,
          globalSetup: ['test/e2e/peers-present.ts'],
        },
      },
    ],
  },
});
