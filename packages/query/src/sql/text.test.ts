import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExactJson, parseExact, stringifyExact } from './exact-json.ts';
import { characterAt, pointAt, sqlName, sqlString, statementEnd } from './text.ts';

describe('SQL text', () => {
  let instance: DuckDBInstance;
  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:');
  });
  afterAll(() => instance.closeSync());

  it('literals and names come back from DuckDB as they went in', async () => {
    const connection = await instance.connect();
    const text = fc.string({ unit: 'binary' }).filter((s) => !s.includes('\0'));
    await fc.assert(
      fc.asyncProperty(
        text,
        text.filter((s) => s.length > 0),
        async (value, name) => {
          const reader = await connection.runAndReadAll(`SELECT ${sqlString(value)} AS ${sqlName(name)}`);
          expect(reader.getRows()).toEqual([[value]]);
          expect(reader.columnNames()).toEqual([name]);
        },
      ),
    );
    connection.closeSync();
  });

  it('a statement of literals, names and comments ends at its own semicolon', () => {
    const inner = fc.string({ unit: fc.constantFrom(';', 'a', ' ', '-', '*') });
    const token = fc.oneof(
      inner.map((s) => sqlString(s)),
      inner.map((s) => sqlName(s)),
      inner.map((s) => `--${s}\n`),
      inner.map((s) => `/*${s.replaceAll('*', '')}*/`),
      inner.map((s) => `$q$${s}$q$`),
      inner.map((s) => `E'${s}\\''`),
      fc.constantFrom('SELECT', '1', ','),
    );
    fc.assert(
      fc.property(fc.array(token), inner, (tokens, rest) => {
        const statement = tokens.join(' ');
        expect(statementEnd(`${statement} ;${rest}`)).toBe(statement.length + 1);
        expect(statementEnd(statement)).toBe(statement.length);
      }),
    );
  });

  it('positions count characters, not bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (before, after) => {
        expect(characterAt(before + after, Buffer.byteLength(before))).toBe(before.length);
      }),
    );
    expect(pointAt('a\n\tbc', 3)).toBe('LINE 2:  bc\n         ^');
  });
});

it('exact JSON keeps every integer', () => {
  const integers = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
  fc.assert(
    fc.property(fc.array(integers), fc.string(), (values, text) => {
      const back = parseExact(stringifyExact({ values, text })) as { values: ExactJson[]; text: string };
      expect(back.values.map((value) => BigInt(value as number))).toEqual(values);
      expect(back.text).toBe(text);
    }),
  );
});
