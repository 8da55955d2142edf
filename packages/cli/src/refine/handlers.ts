import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, messageOf, type Rule } from '@lakewright/core';
import { type Handler, helloWorld } from '@lakewright/refine';

const BUILT_IN: Readonly<Record<string, Handler>> = { 'hello-world': helloWorld };

/**
 * The handler of a rule: one that comes with the product, or the default export of the module at a path that
 * begins with `./`, `../` or `/`; relative paths begin at `directory`. Throws ConfigError.
 */
export async function loadHandler({ name, handler }: Rule, directory: string): Promise<Handler> {
  const builtIn = Object.hasOwn(BUILT_IN, handler) ? BUILT_IN[handler] : undefined;
  if (builtIn !== undefined) return builtIn;
  if (!/^\.{1,2}\//.test(handler) && !isAbsolute(handler)) {
    throw new ConfigError(`rule ${name}: there is no handler ${JSON.stringify(handler)}`, {
      hint: `use ${Object.keys(BUILT_IN).join(', ')} or the path of a module, like ./handlers/redact.ts`,
    });
  }
  const path = resolve(directory, handler);
  const module = await importModule(name, path);
  if (typeof module.default === 'function') return module.default as Handler;
  throw new ConfigError(`rule ${name}: ${path} has no function as its default export`, {
    hint: 'write `export default async (input, put) => [await put({ body: input.body })]`',
  });
}

async function importModule(name: string, path: string): Promise<{ default?: unknown }> {
  try {
    return (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    throw new ConfigError(`rule ${name}: the handler ${path} cannot be loaded: ${messageOf(error)}`, {
      hint: hintFor(error),
      cause: error,
    });
  }
}

function hintFor(error: unknown): string {
  if (/Cannot find package '@lakewright\//.test(messageOf(error))) {
    return "in the handler's folder, run `npm link PATH/TO/LAKEWRIGHT/packages/refine`";
  }
  return 'see what `node --check` says of it; paths begin where lakewright.yaml is';
}
