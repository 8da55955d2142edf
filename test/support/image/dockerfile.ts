/** A Dockerfile's instructions, one object for each; no more of the language than ours uses. */
export interface Instruction {
  readonly name: string;
  /** What stands before the arguments: `--from=build` is `from: 'build'`. */
  readonly options: Readonly<Record<string, string>>;
  /** Everything after the options, lines joined. */
  readonly text: string;
  readonly line: number;
}

/** One `FROM` and what follows it. */
export interface Stage {
  /** After `AS`; undefined for one without a name. */
  readonly name: string | undefined;
  readonly base: string;
  readonly platform: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** `ARG` before the first `FROM`, with their defaults. */
  readonly args: ReadonlyMap<string, string>;
  readonly stages: readonly Stage[];
}

/** Throws Error naming the line that it does not understand. */
export function parseDockerfile(text: string): Dockerfile {
  const args = new Map<string, string>();
  const stages: { name?: string; base: string; platform?: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(text)) {
    const stage = stages.at(-1);
    if (instruction.name === 'FROM') {
      const match = /^(\S+)(?: AS (\S+))?$/i.exec(instruction.text);
      if (match === null) throw new Error(`line ${instruction.line}: what is FROM ${instruction.text}?`);
      const [, image, name] = match;
      stages.push({
        name,
        base: expand(image, Object.fromEntries(args)),
        platform: instruction.options.platform,
        instructions: [],
      });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
    } else if (instruction.name === 'ARG') {
      const [name, value = ''] = instruction.text.split('=');
      args.set(name, value);
    } else {
      throw new Error(`line ${instruction.line}: ${instruction.name} before FROM`);
    }
  }
  return { args, stages: stages.map((stage) => ({ name: undefined, platform: undefined, ...stage })) };
}

function instructionsOf(text: string): Instruction[] {
  const found: Instruction[] = [];
  let begun = '';
  let line = 0;
  for (const [i, whole] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(whole)) continue;
    if (begun === '') line = i + 1;
    begun += whole.replace(/\\\s*$/, ' ');
    if (/\\\s*$/.test(whole)) continue;
    found.push(instructionOf(begun.trim().replace(/\s+/g, ' '), line));
    begun = '';
  }
  if (begun !== '') throw new Error(`line ${line}: the last line goes on`);
  return found;
}

function instructionOf(text: string, line: number): Instruction {
  const match = /^([A-Za-z]+) (.*)$/.exec(text);
  if (match === null) throw new Error(`line ${line}: no instruction: ${text}`);
  const options: Record<string, string> = {};
  let rest = match[2];
  for (;;) {
    const option = /^--([a-z]+)(?:=(\S+))? /.exec(rest);
    if (option === null) return { name: match[1].toUpperCase(), options, text: rest, line };
    options[option[1]] = option[2] ?? '';
    rest = rest.slice(option[0].length);
  }
}

/** `$NAME` and `${NAME}` replaced. Throws Error for a name that nobody gave. */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced: string | undefined, plain: string) => {
    const name = braced ?? plain;
    if (!(name in values)) throw new Error(`${text}: ${name} has no value`);
    return values[name];
  });
}

/** `NAME=value NAME="quoted value"`, as ENV and LABEL take them. */
export function pairsOf(text: string): [name: string, value: string][] {
  const pairs = [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))(?: |$)/g)];
  if (pairs.map(([whole]) => whole).join('') !== text) throw new Error(`no list of NAME=value: ${text}`);
  return pairs.map(([, name, quoted, plain]) => [name, quoted ?? plain]);
}
