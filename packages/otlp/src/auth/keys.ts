import { createHash } from 'node:crypto';
import { ConfigError, isOrganization } from '@lakewright/core';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';

/** Fewest characters of an API key. */
export const MIN_KEY_LENGTH = 8;

/** API keys as they are held: their SHA-256, never their text. */
export interface ApiKeys {
  readonly entries: readonly { readonly organization: string; readonly sha256: Buffer }[];
}

/** API keys as a file gives them. */
export interface ApiKeyFile extends ApiKeys {
  /** Whom the file names, each once; whoever has no entry is to have no key. */
  readonly organizations: readonly string[];
}

const FIELDS = ['organization_id', 'keys'];
const HINT = 'write a list of {organization_id: <UUID>, keys: [<key>, ...]}';

export function sha256Of(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}

/**
 * Reads API keys from YAML: a list of `organization_id` (a UUID) and `keys` (strings of 8 characters or
 * more; `[]` for an organization without a key). Anything else, and one key for two organizations, is a ConfigError that names line and column and
 * never the key.
 */
export function loadApiKeys(yamlText: string): ApiKeyFile {
  return new KeyFile(yamlText).read();
}

class KeyFile {
  readonly #lines = new LineCounter();
  readonly #text: string;
  readonly #organizations = new Set<string>();
  readonly #owners = new Map<string, string>();
  readonly #entries: { organization: string; sha256: Buffer }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(): ApiKeyFile {
    const document = parseDocument(this.#text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      merge: false,
    });
    const [problem] = [...document.errors, ...document.warnings];
    // The parser's own message may quote the text, and with it a key.
    if (problem !== undefined) this.#fail(problem.pos[0], `not valid YAML (${problem.code})`);
    const list = document.contents as Node | null;
    if (!isSeq(list) || list.items.length === 0)
      this.#fail(list?.range?.[0] ?? 0, 'expected a list of entries');
    for (const item of list.items) this.#entry(item as Node | null);
    return { organizations: [...this.#organizations], entries: this.#entries };
  }

  #entry(node: Node | null): void {
    if (!isMap(node)) this.#fail(node?.range?.[0] ?? 0, 'expected organization_id and keys');
    for (const { key } of node.items) {
      if (!isScalar(key) || !FIELDS.includes(String(key.value))) {
        this.#fail((key as Node | null)?.range?.[0] ?? 0, 'a field other than organization_id and keys');
      }
    }
    const organization = this.#organization(node);
    const keys = node.get('keys', true) as Node | undefined;
    // Nothing at all is a slip; an empty list is meant.
    if (!isSeq(keys)) {
      this.#fail(keys?.range?.[0] ?? node.range?.[0] ?? 0, 'keys: expected a list of keys');
    }
    this.#organizations.add(organization);
    for (const key of keys.items) this.#key(key as Node | null, organization);
  }

  #organization(node: YAMLMap): string {
    const value = node.get('organization_id', true) as Node | undefined;
    const at = value?.range?.[0] ?? node.range?.[0] ?? 0;
    if (!isScalar(value) || typeof value.value !== 'string')
      this.#fail(at, 'organization_id: expected a UUID');
    const organization = value.value.toLowerCase();
    if (!isOrganization(organization)) this.#fail(at, 'organization_id: not a UUID');
    return organization;
  }

  #key(node: Node | null, organization: string): void {
    const at = node?.range?.[0] ?? 0;
    if (isAlias(node) || !isScalar(node) || typeof node.value !== 'string') {
      this.#fail(at, 'keys: expected a string; put a key of digits in quotes');
    }
    const text = node.value;
    if (text.length < MIN_KEY_LENGTH) this.#fail(at, `keys: shorter than ${MIN_KEY_LENGTH} characters`);
    if (!/^[\x21-\x7e]+$/.test(text)) this.#fail(at, 'keys: only printable ASCII without spaces can be sent');
    const sha256 = sha256Of(text);
    const owner = this.#owners.get(sha256.toString('hex'));
    if (owner === organization) return;
    if (owner !== undefined) this.#fail(at, 'keys: the same key belongs to another organization');
    this.#owners.set(sha256.toString('hex'), organization);
    this.#entries.push({ organization, sha256 });
  }

  #fail(offset: number, problem: string): never {
    const { line, col } = this.#lines.linePos(offset);
    throw new ConfigError(`API keys, line ${line}, column ${col}: ${problem}`, { hint: HINT });
  }
}
