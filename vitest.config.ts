import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    // They need an AWS emulator and more: vitest.aws.config.ts.
    exclude: ['**/node_modules/**', '**/*.aws.test.ts'],
    // A hang is noticed, and a machine that is busy with something else is no failure.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Two cores: more workers than that only make start-up times unsteady.
    maxWorkers: 2,
  },
});
