import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a fake tool answers to a call whose arguments, joined by spaces, match. */
export interface Answer {
  readonly tool: string;
  readonly match?: RegExp;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
  /** Prefix of the argument that names a file which the tool would write, such as `-out=`. */
  readonly writes?: string;
  /** This answer serves so many calls, then the next one that matches; default all. */
  readonly times?: number;
}

/** One call of a fake tool, as it saw it. */
export interface Call {
  readonly tool: string;
  readonly argv: readonly string[];
  readonly stdin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Files that variables of the environment point to: by variable, the content and the permission bits. */
  readonly files: Readonly<Record<string, { readonly content: string; readonly mode: number }>>;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly Call[];
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly answers?: readonly Answer[];
  /** Makes the n-th call, counted from 1, fail. */
  readonly failAt?: number;
}

const FAKE_EXIT_CODE = 7;

/**
 * A folder with tools that do nothing but write down how they were called and answer from a table, and a
 * working directory for the scripts that call them. A call that no answer fits is answered with silence.
 */
export class RecordingFakes {
  readonly folder = mkdtempSync(join(tmpdir(), 'recording-fakes-'));
  /** Where scripts run. */
  readonly work = join(this.folder, 'work');
  /** The scripts' TMPDIR. */
  readonly temporary = join(this.folder, 'tmp');
  readonly #bin = join(this.folder, 'bin');
  readonly #log = join(this.folder, 'calls.ndjson');
  readonly #table = join(this.folder, 'table.json');

  constructor(tools: readonly string[]) {
    for (const folder of [this.work, this.temporary, this.#bin]) mkdirSync(folder);
    const program = join(this.folder, 'fake.mjs');
    writeFileSync(program, fakeProgram(this.#log, this.#table));
    for (const tool of tools) {
      const path = join(this.#bin, tool);
      writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${program}' '${tool}' "$@"\n`);
      chmodSync(path, 0o755);
    }
  }

  /** Runs `command` in the working directory with the fakes first on PATH, and nothing of this process's environment. */
  async run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
    rmSync(this.#log, { force: true });
    const answers = (options.answers ?? []).map((answer) => ({ ...answer, match: answer.match?.source }));
    writeFileSync(this.#table, JSON.stringify({ answers, failAt: options.failAt, code: FAKE_EXIT_CODE }));
    const env: Record<string, string> = {
      PATH: `${this.#bin}:/usr/local/bin:/usr/bin:/bin`,
      HOME: this.folder,
      TMPDIR: this.temporary,
      LC_ALL: 'C',
    };
    for (const [name, value] of Object.entries(options.env ?? {})) {
      if (value !== undefined) env[name] = value;
    }
    const ended = await finished(command, this.work, env);
    return { ...ended, calls: this.#calls() };
  }

  write(path: string, content: string): void {
    const absolute = join(this.work, path);
    mkdirSync(join(absolute, '..'), { recursive: true });
    writeFileSync(absolute, content);
  }

  read(path: string): string {
    return readFileSync(join(this.work, path), 'utf8');
  }

  has(path: string): boolean {
    return existsSync(join(this.work, path));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #calls(): Call[] {
    if (!existsSync(this.#log)) return [];
    return readFileSync(this.#log, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Call);
  }
}

/** The calls as lines: the tool and its arguments. */
export function lines(calls: readonly Call[]): string[] {
  return calls.map(({ tool, argv }) => [tool, ...argv].join(' '));
}

function finished(
  command: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Omit<Ran, 'calls'>> {
  return new Promise((resolve, reject) => {
    // Standard input is empty, as in a job: a fake that is piped nothing must not wait for this process.
    const child = spawn(command[0], command.slice(1), { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
}

/** The source of the one program that stands behind every fake: node, with nothing installed. */
function fakeProgram(log: string, table: string): string {
  return `import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
const [tool, ...argv] = process.argv.slice(2);
const { answers, failAt, code } = JSON.parse(readFileSync(${JSON.stringify(table)}, 'utf8'));
const earlier = existsSync(${JSON.stringify(log)})
  ? readFileSync(${JSON.stringify(log)}, 'utf8').split('\\n').filter(Boolean).map((line) => JSON.parse(line))
  : [];
const files = {};
for (const [name, path] of Object.entries(process.env)) {
  if (name.endsWith('_FILE') && existsSync(path)) {
    files[name] = { content: readFileSync(path, 'utf8'), mode: statSync(path).mode & 0o777 };
  }
}
const stdin = readFileSync(0, 'utf8');
const call = { tool, argv, stdin, env: process.env, cwd: process.cwd(), files };
appendFileSync(${JSON.stringify(log)}, JSON.stringify(call) + '\\n');
if (earlier.length + 1 === failAt) {
  console.error('the fake ' + tool + ' was told to fail');
  process.exit(code);
}
const fits = (answer, other) =>
  answer.tool === other.tool && new RegExp(answer.match ?? '').test(other.argv.join(' '));
const used = new Map();
let chosen;
for (const each of [...earlier, call]) {
  chosen = answers.find((answer) => fits(answer, each) && (used.get(answer) ?? 0) < (answer.times ?? Infinity));
  if (chosen !== undefined) used.set(chosen, (used.get(chosen) ?? 0) + 1);
}
if (chosen?.writes !== undefined) {
  const target = argv.find((argument) => argument.startsWith(chosen.writes));
  if (target !== undefined) writeFileSync(target.slice(chosen.writes.length), 'written by the fake ' + tool);
}
if (chosen?.stdout !== undefined) process.stdout.write(chosen.stdout);
if (chosen?.stderr !== undefined) process.stderr.write(chosen.stderr);
process.exitCode = chosen?.code ?? 0;
`;
}
