/**
 * `npm run test:aws`: looks for what the AWS suite needs, says what is missing and how to get it, and runs the
 * suite. Arguments go to vitest: `npm run test:aws -- packages/aws`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, globSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { NODE, REPOSITORY } from './support/runtime.ts';

/** Programs that are looked for on PATH, and how to get each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  moto_server: "pip install 'moto[server,all]'",
  aws: 'pip install awscli, or https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html',
  'cfn-lint': "pip install 'cfn-lint>=1.51'",
  terraform: 'https://developer.hashicorp.com/terraform/install (1.9 or newer)',
};

const PROVIDER = 'registry.terraform.io/hashicorp/aws';

const HOW_TO_GET_PROVIDER =
  'terraform providers mirror DIRECTORY, in a directory whose .tf requires hashicorp/aws ~> 5.100, ' +
  'then TF_PLUGIN_DIR=DIRECTORY';

/** Where Terraform's provider plug-ins may be: what the environment says, then the usual places. */
function pluginDirectories(): string[] {
  const { TF_PLUGIN_DIR, TF_PLUGIN_CACHE_DIR } = process.env;
  if (TF_PLUGIN_DIR) return [TF_PLUGIN_DIR];
  const usual = [
    join(homedir(), '.terraform.d/plugins'),
    join(homedir(), '.terraform.d/plugin-cache'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
    ...globSync(`/opt/*/${PROVIDER}`).map((found) => found.slice(0, -PROVIDER.length - 1)),
  ];
  return TF_PLUGIN_CACHE_DIR ? [TF_PLUGIN_CACHE_DIR, ...usual] : usual;
}

/** The first of `directories` that holds the AWS provider for this machine, packed or not. */
function pluginDirectory(directories: readonly string[]): string | undefined {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const platform = `${process.platform}_${architecture}`;
  const wanted = [`5.*/${platform}/terraform-provider-aws*`, `terraform-provider-aws_5.*_${platform}.zip`];
  return directories.find((directory) =>
    wanted.some((pattern) => globSync(join(directory, PROVIDER, pattern)).length > 0),
  );
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((place) => {
    const file = join(place, program);
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

async function main(): Promise<number> {
  const missing = Object.entries(PROGRAMS)
    .filter(([program]) => !onPath(program))
    .map(([program, get]) => `${program} is not on PATH. Get it: ${get}`);
  const places = pluginDirectories();
  const plugins = pluginDirectory(places);
  if (plugins === undefined) {
    const looked = places.filter((place) => existsSync(place)).join(', ') || places.join(', ');
    missing.push(
      `Terraform's AWS provider 5.x is not there (looked in ${looked}). Get it: ${HOW_TO_GET_PROVIDER}`,
    );
  }
  if (missing.length > 0) {
    process.stderr.write(`The AWS suite cannot run:\n${missing.map((line) => `- ${line}\n`).join('')}`);
    return 1;
  }
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const child = spawn(
    NODE,
    [vitest, 'run', '--config', 'vitest.aws.config.ts', ...process.argv.slice(2)],
    // What was found is what the tests use.
    { cwd: REPOSITORY, stdio: 'inherit', env: { ...process.env, TF_PLUGIN_DIR: plugins } },
  );
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

process.exitCode = await main();
