/** What every keeper of secrets does, sentence by sentence of the port: each adapter calls this from a test of its own. */
import { BadInputError, LakewrightError, NotFoundError, type Secrets } from '@lakewright/core';
import { afterEach, describe, expect, test } from 'vitest';

export interface OpenSecrets {
  readonly secrets: Secrets;
  /** Keeps `text` under a new name; the reference to it. */
  put(text: string): Promise<string>;
  /** A reference that is well formed and names nothing. */
  readonly missing: string;
  close(): Promise<void>;
}

/** Declares the tests of a Secrets under `name`. */
export function secretsSuite(name: string, open: () => Promise<OpenSecrets>): void {
  describe(`${name} keeps Secrets`, () => {
    const opened: OpenSecrets[] = [];
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });
    const opening = async () => {
      const one = await open();
      opened.push(one);
      return one;
    };

    test.each([
      ['a word', 'correct-horse'],
      ['spaces and signs', ' a "b" \\ $c %20 {}'],
      ['lines', '- organization_id: a\n  keys:\r\n\t- b'],
      ['letters from elsewhere', 'päßwörd 雪 \u{1f600}'],
      ['4 KiB', 'x'.repeat(4096)],
    ])('a text comes back as it was put: %s', async (_, text) => {
      const { secrets, put } = await opening();
      expect(await secrets.get(await put(text))).toBe(text);
    });

    test('each name has its own text', async () => {
      const { secrets, put } = await opening();
      const [one, other] = [await put('one'), await put('other')];
      expect([await secrets.get(other), await secrets.get(one)]).toEqual(['other', 'one']);
    });

    test('a name without a text is not found, and named', async () => {
      const { secrets, missing } = await opening();
      const asked = secrets.get(missing);
      await expect(asked).rejects.toThrow(NotFoundError);
      await expect(asked).rejects.toThrow(missing);
    });

    test('a reference of no scheme of its own is refused, and not quoted', async () => {
      const { secrets } = await opening();
      expect(secrets.schemes.length).toBeGreaterThan(0);
      const references = ['', 'hunter2', 'nobody:hunter2', ...secrets.schemes.map((scheme) => `${scheme}:`)];
      for (const reference of references) {
        const refused = await secrets.get(reference).catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(BadInputError);
        expect(told(refused)).not.toContain('hunter2');
      }
    });
  });
}

/** All that an error says, in its message, hint, causes and fields. */
export function told(error: unknown): string {
  const { message = '', stack = '', cause, ...fields } = error as Error & { cause?: unknown };
  const hint = error instanceof LakewrightError ? error.hint : '';
  const rest = cause === undefined ? '' : told(cause);
  return [message, stack, hint, JSON.stringify(fields), rest].join('\n');
}
