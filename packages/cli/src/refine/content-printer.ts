import type { Terminal } from '../terminal.ts';

/**
 * Prints an output's content as it comes, where it is text. What is not UTF-8 is told and not printed; on a
 * terminal control characters are left out, so that content cannot drive it.
 */
export class ContentPrinter {
  readonly #terminal: Terminal;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #begun = false;
  #binary = false;
  #last = '\n';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  write(chunk: Uint8Array): void {
    if (this.#binary) return;
    try {
      this.#print(this.#decoder.decode(chunk, { stream: true }));
    } catch {
      this.#binary = true;
    }
  }

  /** Ends the content; answers what is left to print. */
  end(size: number): string {
    if (!this.#binary) this.write(new Uint8Array());
    if (this.#binary) return `${this.#begun ? '\n' : ''}  (${size} bytes that are not text)\n`;
    if (!this.#begun) return ' (empty)\n';
    return this.#last === '\n' ? '' : '\n';
  }

  #print(text: string): void {
    if (text === '') return;
    if (!this.#begun) this.#terminal.out('\n');
    this.#begun = true;
    this.#last = text[text.length - 1];
    this.#terminal.out(this.#terminal.columns === undefined ? text : harmless(text));
  }
}

function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}
