/**
 * Makes the one file that the refiner's image runs:
 *
 *     node packages/refine/image/bundle.ts [--handler ./handlers/redact.ts] [--out build/refiner]
 *
 * It writes `index.mjs`, which exports `handler`. Without --handler the function says hello to the world.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

const { values } = parseArgs({
  options: { handler: { type: 'string' }, out: { type: 'string', default: 'build/refiner' } },
});

function withHandler(path: string): Plugin {
  return {
    name: 'handler',
    setup: ({ onResolve }) => onResolve({ filter: /^\.\/handler\.ts$/ }, () => ({ path: resolve(path) })),
  };
}

await build({
  entryPoints: [resolve(REPOSITORY, 'packages/cli/src/lambda/refiner.ts')],
  outfile: resolve(values.out, 'index.mjs'),
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  legalComments: 'linked',
  plugins: values.handler === undefined ? [] : [withHandler(values.handler)],
  // Some of the AWS SDK is CommonJS and asks for node's own modules by require.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});
