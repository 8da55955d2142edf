import type { JsonObject, JsonValue } from './json-values.ts';

/**
 * The names under which log files hold what OpenTelemetry has fields for, in order of precedence, in lower
 * case: of a record's fields, in any case, the first counts and the others are attributes.
 */
const NAMES = {
  time: ['time_unix_nano', 'timeunixnano', 'timestamp', '@timestamp', 'time', 'ts', 'datetime', 'date'],
  severity: ['severity', 'level', 'severity_text', 'log.level', 'lvl'],
  severityNumber: ['severity_number', 'severitynumber'],
  body: ['body', 'message', 'msg', 'log', 'data', 'event'],
  traceId: ['trace_id', 'traceid'],
  spanId: ['span_id', 'spanid'],
  service: ['service.name', 'service_name', 'service'],
} as const;

export type Role = keyof typeof NAMES;
type Field = { readonly name: string; readonly value: Exclude<JsonValue, null> };

const ROLE_OF = new Map<string, { role: Role; rank: number }>();
for (const [role, names] of Object.entries(NAMES)) {
  for (const [rank, name] of names.entries()) ROLE_OF.set(name, { role: role as Role, rank });
}
const LONGEST_NAME = Math.max(...[...ROLE_OF.keys()].map((name) => name.length));

/** A record's fields by what they are for; what is null is absent. */
export class Fields {
  readonly #chosen = new Map<Role, Field & { rank: number }>();
  readonly attributes: [string, Exclude<JsonValue, null>][] = [];

  constructor(record: JsonObject) {
    for (const [name, value] of Object.entries(record)) {
      if (value === null) continue;
      const known = name.length <= LONGEST_NAME ? ROLE_OF.get(name.toLowerCase()) : undefined;
      if (known === undefined) this.attributes.push([name, value]);
      else this.#offer(known.role, { name, value, rank: known.rank });
    }
  }

  #offer(role: Role, field: Field & { rank: number }): void {
    const held = this.#chosen.get(role);
    if (held !== undefined && held.rank <= field.rank) {
      this.attributes.push([field.name, field.value]);
      return;
    }
    if (held !== undefined) this.attributes.push([held.name, held.value]);
    this.#chosen.set(role, field);
  }

  /**
   * What `read` makes of the field for `role`. When there is a field and `read` cannot use it, the field
   * becomes an attribute under its own name and `unusable` is told that name.
   */
  take<T>(
    role: Role,
    read: (value: Field['value'], name: string) => T | undefined,
    unusable?: (name: string) => void,
  ): T | undefined {
    const field = this.#chosen.get(role);
    if (field === undefined) return undefined;
    const taken = read(field.value, field.name.toLowerCase());
    if (taken === undefined) {
      this.attributes.push([field.name, field.value]);
      unusable?.(field.name);
    }
    return taken;
  }
}
