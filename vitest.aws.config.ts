import { defineConfig } from 'vitest/config';

// A profile would go before the credentials of the emulator.
delete process.env.AWS_PROFILE;

/** The tests that need moto_server, the aws command or Terraform: `npm run test:aws`. */
export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.aws.test.ts', 'test/**/*.aws.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
