import { BadInputError, ConfigError, LimitError } from '../errors.ts';

/**
 * Texts that nobody may see: passwords, files of API keys. They are asked for by a reference, `scheme:name`, which is
 * no secret itself. No implementation logs a text, keeps it, or quotes any of it in an error.
 */
export interface Secrets {
  /** What a reference may begin with, without the colon. */
  readonly schemes: readonly string[];
  /**
   * The text that `reference` names, of one character at least. Throws NotFoundError when there is none, ConfigError
   * when it is empty, is no text or may not be read, BadInputError for a reference that is none, LimitError
   * (`maxSecretBytes`) for a text that is too long, UnavailableError when whoever keeps it cannot be reached.
   */
  get(reference: string): Promise<string>;
}

/** Bytes of one secret, in UTF-8. */
export const MAX_SECRET_BYTES = 1024 * 1024;

/** One Secrets over several, each asked for its own schemes. */
export function secretsByScheme(parts: readonly Secrets[]): Secrets {
  const schemes = parts.flatMap((part) => part.schemes);
  return {
    schemes,
    async get(reference) {
      const { scheme } = parseSecretReference(reference, schemes);
      const part = parts.find((candidate) => candidate.schemes.includes(scheme)) as Secrets;
      return part.get(reference);
    },
  };
}

/**
 * The two parts of `reference`. Throws BadInputError when it is none of `schemes`; what was given is not quoted then,
 * since it may well be a secret that stands in the place of a reference.
 */
export function parseSecretReference(
  reference: string,
  schemes: readonly string[],
): { readonly scheme: string; readonly name: string } {
  const scheme = schemes.find((candidate) => reference.startsWith(`${candidate}:`));
  const name = scheme === undefined ? '' : reference.slice(scheme.length + 1);
  if (scheme === undefined || name === '' || /[\0\r\n]/.test(name)) {
    throw new BadInputError('the reference to a secret is none', {
      hint: `write ${schemes.map((known) => `${known}:NAME`).join(' or ')}`,
    });
  }
  return { scheme, name };
}

/** `text`, when it can be the secret that `reference` names. Throws ConfigError and LimitError as `get` does. */
export function checkedSecret(reference: string, text: string): string {
  if (text === '') throw new ConfigError(`the secret ${reference} is empty`);
  if (Buffer.byteLength(text) > MAX_SECRET_BYTES) throw secretTooLong(reference);
  return text;
}

/** A secret beyond MAX_SECRET_BYTES. */
export function secretTooLong(reference: string): LimitError {
  return new LimitError(
    'maxSecretBytes',
    `the secret ${reference} is longer than ${MAX_SECRET_BYTES} bytes`,
    { hint: 'a secret is a password, a key or a small file of them' },
  );
}
