/** Lays out in a directory what a Dockerfile would, without Docker and without the network. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, posix } from 'node:path';
import { NODE, REPOSITORY } from '../runtime.ts';
import { expand, type Instruction, pairsOf, parseDockerfile, type Stage } from './dockerfile.ts';
import { contextFiles, dockerignore } from './dockerignore.ts';
import { linkFile, linkTree } from './link-tree.ts';
import { installProduction } from './production.ts';

/** Where the base image looks for programs. */
const BASE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ImageTree {
  /** What is `/` in the image. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly volumes: readonly string[];
  readonly ports: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  remove(): void;
}

/** A stage as far as it is laid out. */
interface Laid {
  root: string;
  workdir: string;
  /** Of ARG: they are gone when the image runs. */
  args: Record<string, string>;
  env: Record<string, string>;
  user: string;
  volumes: string[];
  ports: number[];
  labels: Record<string, string>;
  entrypoint: string[];
  command: string[];
}

/** Throws Error for an instruction or a command that it does not know: teach it, so that tests stay true. */
export function layOutImage(): ImageTree {
  const { args, stages } = parseDockerfile(readFileSync(join(REPOSITORY, 'Dockerfile'), 'utf8'));
  const ignored = dockerignore(readFileSync(join(REPOSITORY, '.dockerignore'), 'utf8'));
  const home = mkdtempSync(join(tmpdir(), 'lakewright-image-'));
  chmodSync(home, 0o755);
  const laid = new Map<string, Laid>();
  let last: Laid | undefined;
  for (const [i, stage] of stages.entries()) {
    last = layOutStage(stage, join(home, String(i)), { laid, ignored, args: Object.fromEntries(args) });
    if (stage.name !== undefined) laid.set(stage.name, last);
  }
  if (last === undefined) throw new Error('the Dockerfile has no FROM');
  const [uid, gid] = last.user.split(':').map(Number);
  return { ...last, user: { uid, gid }, remove: () => removeTree(home) };
}

interface Means {
  readonly laid: ReadonlyMap<string, Laid>;
  readonly ignored: (path: string) => boolean;
  readonly args: Readonly<Record<string, string>>;
}

function layOutStage(stage: Stage, root: string, means: Means): Laid {
  const laid: Laid = {
    ...{ root, workdir: '/', args: {}, env: { PATH: BASE_PATH }, user: '0:0' },
    ...{ volumes: [], ports: [], labels: {}, entrypoint: ['docker-entrypoint.sh'], command: ['node'] },
  };
  const node = join(root, 'usr/local/bin/node');
  linkFile(NODE, node);
  for (const instruction of stage.instructions) {
    const apply = INSTRUCTIONS[instruction.name];
    if (apply === undefined)
      throw new Error(`line ${instruction.line}: the tests do not know ${instruction.name}`);
    apply(laid, instruction, means);
  }
  return laid;
}

const INSTRUCTIONS: Readonly<Record<string, (laid: Laid, instruction: Instruction, means: Means) => void>> = {
  ARG: ({ args }, { text }) => {
    const [name, value = ''] = text.split('=');
    args[name] = name === 'TARGETARCH' ? process.arch.replace('x64', 'amd64') : value;
  },
  ENV: (laid, { text }) => Object.assign(laid.env, expanded(text, laid)),
  LABEL: (laid, { text }) => Object.assign(laid.labels, expanded(text, laid)),
  WORKDIR: (laid, { text }) => {
    laid.workdir = posix.resolve(laid.workdir, text);
    mkdirSync(join(laid.root, laid.workdir), { recursive: true });
  },
  USER: (laid, { text }) => {
    laid.user = text;
  },
  VOLUME: ({ volumes }, { text }) => volumes.push(text),
  EXPOSE: ({ ports }, { text }) => ports.push(...text.split(' ').map(Number)),
  ENTRYPOINT: (laid, { text }) => {
    laid.entrypoint = JSON.parse(text) as string[];
  },
  CMD: (laid, { text }) => {
    laid.command = JSON.parse(text) as string[];
  },
  COPY: copy,
  RUN: (laid, { text, line }) => {
    for (const command of text.split(' && ')) runCommand(laid, command, line);
  },
};

function expanded(text: string, { args, env }: Laid): Record<string, string> {
  return Object.fromEntries(pairsOf(text).map(([name, value]) => [name, expand(value, { ...args, ...env })]));
}

function copy(laid: Laid, { text, options }: Instruction, { laid: stages, ignored }: Means): void {
  const paths = text.split(' ');
  const to = posix.resolve(laid.workdir, paths.at(-1) ?? '');
  const into = paths.at(-1)?.endsWith('/') ?? false;
  for (const source of paths.slice(0, -1)) {
    if (options.from !== undefined) {
      const from = stages.get(options.from);
      if (from === undefined) throw new Error(`COPY --from=${options.from}: no such stage before it`);
      linkTree(join(from.root, source), join(laid.root, to));
    } else {
      copyFromContext(source, join(laid.root, to), into, ignored);
    }
  }
  if (options.chown !== undefined) own(join(laid.root, to), options.chown);
}

function copyFromContext(
  source: string,
  to: string,
  into: boolean,
  ignored: (path: string) => boolean,
): void {
  const from = join(REPOSITORY, source);
  if (!existsSync(from)) throw new Error(`COPY ${source}: it is not there`);
  const files = statSync(from).isDirectory()
    ? contextFiles(REPOSITORY, source, ignored).map((file) => [file, join(to, file.slice(source.length))])
    : [source].filter((file) => !ignored(file)).map((file) => [file, into ? join(to, basename(file)) : to]);
  if (files.length === 0) throw new Error(`COPY ${source}: .dockerignore leaves all of it out`);
  for (const [file, target] of files) {
    linkFile(join(REPOSITORY, file), target);
  }
}

/** Only root can give a directory to another; for anybody else it is his own already. */
function own(path: string, chown: string): void {
  const [uid, gid] = chown.split(':').map(Number);
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
}

/** The commands of RUN, each as what it does; `npm ci` takes what is installed here. */
function runCommand(laid: Laid, command: string, line: number): void {
  const cpu = process.arch;
  const words = command.replaceAll(
    /"([^"$]*)\$\(echo "\$TARGETARCH" \| sed s\/amd64\/x64\/\)([^"]*)"/g,
    `$1${cpu}$2`,
  );
  const [program, ...args] = words.split(' ');
  const at = (path: string) => join(laid.root, posix.resolve(laid.workdir, path));
  if (program === 'npm' && args[0] === 'ci' && args.includes('--omit=dev') && args.includes(`--cpu=${cpu}`)) {
    installProduction(REPOSITORY, join(laid.root, laid.workdir));
  } else if (program === 'mkdir') {
    for (const directory of args) mkdirSync(at(directory));
  } else if (program === 'ln' && args[0] === '-s') {
    symlinkSync(args[1], at(args[2]));
  } else if (program === 'test' && args[0] === '-s') {
    if (statSync(at(args[1])).size === 0) throw new Error(`line ${line}: ${command} fails`);
  } else {
    throw new Error(`line ${line}: the tests do not know RUN ${command}`);
  }
}

/** Directories that nobody may write to are opened again: only root can remove what is in them otherwise. */
function removeTree(home: string): void {
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o755);
  }
  rmSync(home, { recursive: true, force: true });
}

/** Takes the right to write away from every directory of the image but its volumes. */
export function makeReadOnly({ root, volumes }: ImageTree): void {
  const writable = new Set(volumes.map((volume) => join(root, volume)));
  const visit = (path: string): void => {
    if (writable.has(path)) return;
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) visit(join(path, entry.name));
    }
    chmodSync(path, 0o555);
  };
  visit(root);
}
