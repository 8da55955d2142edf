import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture, type Finished, REPOSITORY } from './runtime.ts';

const PROVIDER = 'registry.terraform.io/hashicorp/aws';

/**
 * The folder that holds Terraform's plug-ins, laid out as a filesystem mirror: TF_PLUGIN_DIR, which
 * `npm run test:aws` sets to what it found, or the first of the usual places that has the AWS provider. Throws when
 * there is none.
 */
export function terraformPlugins(): string {
  const usual = [
    join(homedir(), '.terraform.d/plugins'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
    ...globSync(`/opt/*/${PROVIDER}`).map((found) => found.slice(0, -PROVIDER.length - 1)),
  ];
  const places = process.env.TF_PLUGIN_DIR ? [process.env.TF_PLUGIN_DIR] : usual;
  const found = places.find((place) => existsSync(join(place, PROVIDER)));
  if (found !== undefined) return found;
  throw new Error(`no ${PROVIDER} in ${places.join(', ')}: set TF_PLUGIN_DIR to a mirror that has it`);
}

/** A copy of terraform/ to work in, so that no run leaves anything in the repository. */
export interface TerraformCopy {
  /** Its folder. */
  readonly path: string;
  /** Runs terraform in a folder of the copy, such as `modules/refiner`; "." is the pipeline's root. */
  run(folder: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** Likewise, and throws with terraform's own words unless it ends with 0. */
  must(folder: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  remove(): Promise<void>;
}

/** Copies terraform/ and tells it to take plug-ins from this machine only. */
export async function copyTerraform(): Promise<TerraformCopy> {
  const base = await mkdtemp(join(tmpdir(), 'lakewright-terraform-'));
  const path = join(base, 'terraform');
  const ignored = /(^|\/)(\.terraform(\.lock\.hcl)?|[^/]*\.tfstate[^/]*|[^/]*\.tfvars)$/;
  await cp(join(REPOSITORY, 'terraform'), path, {
    recursive: true,
    filter: (source) => !ignored.test(source),
  });
  const configuration = join(base, 'terraform.rc');
  await writeFile(
    configuration,
    `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(terraformPlugins())}\n  }\n}\n`,
  );
  const run: TerraformCopy['run'] = async (folder, args, env = {}) => {
    const child = spawn('terraform', args, {
      cwd: join(path, folder),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...withoutTerraform(process.env),
        ...env,
        TF_CLI_CONFIG_FILE: configuration,
        TF_IN_AUTOMATION: '1',
      },
    });
    const output = capture(child);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...output };
  };
  return {
    path,
    run,
    must: async (folder, args, env) => {
      const finished = await run(folder, args, env);
      if (finished.code === 0) return finished;
      throw new Error(`terraform ${args.join(' ')} in ${folder}:\n${finished.stdout}\n${finished.stderr}`);
    },
    remove: () => rm(base, { recursive: true, force: true }),
  };
}

/** What the person who runs the tests has set for Terraform must not reach it: TF_VAR_..., TF_CLI_ARGS, TF_LOG. */
function withoutTerraform(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TF_')));
}
