import { defineConfig } from 'vitest/config';

/** Browser journeys: one after the other, against a running server. */
export default defineConfig({
  test: {
    include: ['journey/*.journey.ts'],
    globalSetup: ['journey/server.ts'],
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    sequence: { concurrent: false },
  },
});
