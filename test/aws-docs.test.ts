import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderAwsReference } from '../docs/render-aws.ts';
import { run } from '../packages/cli/src/program.ts';
import { REPOSITORY } from './support/runtime.ts';
import { blocksOf, commandsOf, valuesOf, wordsOf } from './support/shell-blocks.ts';

interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Resources: Readonly<Record<string, unknown>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Export?: { readonly Name: { readonly 'Fn::Sub': string } } }>
  >;
}

/** Words in code that are of AWS or of a client, and in no template. */
const ELSEWHERE = [
  ...['AccessDenied', 'CannotPullContainerError', 'ResourceInitializationError'],
  ...['NoEcho', 'ParameterKey', 'UsePreviousValue'],
];

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

const templates = new Map(
  globSync('generated-templates/*.yaml', { cwd: REPOSITORY }).map((path) => [
    basename(path),
    parse(read(path), { version: '1.1' }) as Template,
  ]),
);
const pages = globSync('docs/aws/*.md', { cwd: REPOSITORY }).sort();
const commands = pages.flatMap((page) =>
  blocksOf(read(page))
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => commandsOf(text).map((command) => ({ page, command }))),
);

function templateOf(file: string): Template {
  const found = templates.get(basename(file));
  if (found === undefined) throw new Error(`there is no template ${file}`);
  return found;
}

/** Faults of a command that gives parameters to a template. */
function parameterFaults(file: string, given: readonly string[], complete: boolean): string[] {
  const declared = templateOf(file).Parameters ?? {};
  const unknown = given
    .filter((name) => !(name in declared))
    .map((name) => `${file} has no parameter ${name}`);
  const required = Object.keys(declared).filter((name) => declared[name].Default === undefined);
  const missing = complete ? required.filter((name) => !given.includes(name)) : [];
  return [...unknown, ...missing.map((name) => `${file} needs ${name}`)];
}

function cloudFormationFaults(words: readonly string[]): string[] {
  const [, , operation] = words;
  if (operation === 'create-stack') {
    const [body] = valuesOf(words, '--template-body');
    const pairs = valuesOf(words, '--parameters');
    const given = pairs.map((pair) => /^ParameterKey=(\w+),ParameterValue=/.exec(pair)?.[1] ?? pair);
    const commas = pairs.filter((pair) =>
      /,/.test(pair.replace(/^ParameterKey=\w+,/, '').replace(/\$\{[^}]*\}/g, '')),
    );
    return [
      ...parameterFaults(body.replace('file://', ''), given, true),
      ...commas.map((pair) => `${pair}: the aws command takes a comma for the end of a value`),
    ];
  }
  if (operation === 'update-stack') {
    // What is not named goes back to its default: all of them stand there.
    const [stack] = valuesOf(words, '--stack-name');
    const given = valuesOf(words, '--parameters').map(
      (pair) => /^ParameterKey=(\w+)/.exec(pair)?.[1] ?? pair,
    );
    const declared = Object.keys(templateOf(`${stack}.yaml`).Parameters ?? {});
    return [
      ...parameterFaults(`${stack}.yaml`, given, true),
      ...declared.filter((name) => !given.includes(name)).map((name) => `${stack}: ${name} is not named`),
    ];
  }
  if (operation === 'deploy') {
    const [file] = valuesOf(words, '--template-file');
    const given = valuesOf(words, '--parameter-overrides').map((pair) => pair.split('=')[0]);
    return parameterFaults(file, given, false);
  }
  return [];
}

/** What `lakewright ... --help` says, of the command that `words` name. */
async function helpOf(words: readonly string[]): Promise<string> {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  const terminal = { out: write, err: write, columns: 200, interactive: false, color: false };
  const code = await run([...words, '--help'], terminal as unknown as Parameters<typeof run>[1], {});
  return code === 0 ? text : '';
}

describe('the guides of AWS', () => {
  it('have the reference of the templates as they are (npm run docs rebuilds it)', () => {
    expect(read('docs/aws/reference.md')).toBe(renderAwsReference());
  });

  it.each(pages)('%s holds blocks that can be read', (page) => {
    for (const { language, text } of blocksOf(read(page))) {
      if (language === 'json') JSON.parse(text);
      if (language === 'yaml') parse(text);
      expect(text).not.toMatch(/\\\\$/m);
    }
  });

  it('give parameters that the templates have, and all that they must have', () => {
    expect(commands.length).toBeGreaterThan(30);
    const faults = commands.flatMap(({ page, command }) => {
      const words = wordsOf(command);
      if (words[0] !== 'aws' || words[1] !== 'cloudformation') return [];
      return cloudFormationFaults(words).map((fault) => `${page}: ${fault}`);
    });
    expect(faults).toEqual([]);
  });

  it('make stacks by commands that the AWS suite runs', () => {
    const made = commands.filter(({ command }) => command.startsWith('aws cloudformation create-stack '));
    // aws-docs.aws.test.ts runs the first page, bring-your-own's own test its page.
    const run = made
      .filter(({ page }) => /cloudformation|bring-your-own/.test(page))
      .map(({ command }) => command);
    expect(made.filter(({ command }) => !run.includes(command))).toEqual([]);
  });

  it('ask stacks for outputs that they have', () => {
    const asked = commands.flatMap(({ page, command }) =>
      [...command.matchAll(/--stack-name (lakerunner-[\w-]+) .*OutputKey==`(\w+)`/g)].map(
        ([, stack, output]) => ({ page, stack, output }),
      ),
    );
    expect(asked.length).toBeGreaterThan(3);
    expect(
      asked.filter(({ stack, output }) => !(output in (templateOf(`${stack}.yaml`).Outputs ?? {}))),
    ).toEqual([]);
  });

  it('name commands and options of lakewright that exist', async () => {
    const faults: string[] = [];
    const mine = commands.filter(({ command }) => /^(npx )?lakewright /.test(command));
    expect(mine.length).toBeGreaterThan(5);
    for (const { page, command } of mine) {
      const words = wordsOf(command.replace(/^npx /, '')).slice(1);
      const options = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]);
      const plain = words.filter(
        (word, index) => !word.startsWith('--') && !words[index - 1]?.startsWith('--'),
      );
      const help = (await helpOf(plain.slice(0, 2))) || (await helpOf(plain.slice(0, 1)));
      if (!help.includes(plain[0])) faults.push(`${page}: ${command}: no such command`);
      for (const option of options) if (!help.includes(option)) faults.push(`${page}: ${command}: ${option}`);
    }
    expect(faults).toEqual([]);
  });

  it('name files that are there', () => {
    const faults = pages.flatMap((page) =>
      [...read(page).matchAll(/\b(?:generated-templates\/)?(lakerunner-[\w-]+\.yaml)/g)]
        .filter(([, file]) => !templates.has(file) && !existsSync(join(REPOSITORY, file)))
        .map(([, file]) => `${page}: ${file}`),
    );
    expect(faults).toEqual([]);
  });

  it('name parameters, outputs and resources that are in a template', () => {
    const known = new Set<string>(ELSEWHERE);
    for (const { Parameters = {}, Resources, Outputs = {} } of templates.values()) {
      for (const name of [...Object.keys(Parameters), ...Object.keys(Resources), ...Object.keys(Outputs)])
        known.add(name);
      for (const { Export } of Object.values(Outputs))
        known.add(Export?.Name['Fn::Sub'].split('}-')[1] ?? '');
    }
    const faults = pages.flatMap((page) =>
      [
        ...read(page)
          .replace(/^```[\s\S]*?^```$/gm, '')
          .matchAll(/`([A-Z][a-z]+(?:[A-Z][A-Za-z0-9]*)+)(?:=[^`]*)?`/g),
      ]
        .filter(([, name]) => !known.has(name))
        .map(([, name]) => `${page}: ${name}`),
    );
    expect(faults).toEqual([]);
  });
});
