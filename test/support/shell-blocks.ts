/** A fenced block of a page of the documentation. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of Markdown, in their order. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language,
    text,
  }));
}

/** The commands of a shell script as documentation has them: lines, with continuations joined. */
export function commandsOf(script: string): string[] {
  return script
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** The words of a command, quotes resolved; `$(...)` stays one word. */
export function wordsOf(command: string): string[] {
  const words = command.match(/(?:\$\([^)]*\)|"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map((word) => word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, '$1$2').replace(/\\(.)/g, '$1'));
}

/** What follows an option, up to the next one. */
export function valuesOf(words: readonly string[], option: string): string[] {
  const at = words.indexOf(option);
  if (at === -1) return [];
  const rest = words.slice(at + 1);
  const end = rest.findIndex((word) => word.startsWith('--'));
  return end === -1 ? rest : rest.slice(0, end);
}
