import { defineConfig } from 'vitest/config';

/** Unit tests run side by side; end-to-end tests own sockets, rtpengine and both cores, so they take turns. */
export default defineConfig({
  test: {
    projects: [
      {
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], testTimeout: 20_000 },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          globalSetup: ['test/e2e/peers-present.ts'],
        },
      },
    ],
  },
});
