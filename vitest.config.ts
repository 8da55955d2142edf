import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    // They need an AWS emulator and more: vitest.aws.config.ts.
    exclude: ['**/node_modules/**', '**/*.aws.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers than that only make start-up times unsteady.
    maxWorkers: 2,
  },
});
