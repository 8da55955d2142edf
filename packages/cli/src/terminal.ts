/** Where a command writes and what it may assume of the reader. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Columns of the terminal that reads stdout; undefined when no terminal does. */
  readonly columns: number | undefined;
  readonly color: boolean;
  /** Whether a person watches stderr, so that a line may be redrawn. */
  readonly progress: boolean;
}

const FALLBACK_COLUMNS = 80;

/** The process's own streams. Colour follows https://no-color.org. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    // A pseudo-terminal that nobody gave a size says 0.
    columns: stdout.isTTY ? stdout.columns || FALLBACK_COLUMNS : undefined,
    color: stdout.isTTY === true && !env.NO_COLOR,
    progress: stderr.isTTY === true,
  };
}

const CODES = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36, bold: 1 } as const;
export type Style = keyof typeof CODES;

/** `text` in a style where colours are welcome, otherwise as it is. */
export function styled(terminal: Terminal, style: Style, text: string): string {
  return terminal.color ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
}

/**
 * `text` with control characters made visible, so that stored telemetry cannot drive the reader's terminal.
 * Line breaks and tabs become spaces of one line.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  return text.replaceAll(/[\r\n\t]+/g, ' ').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
