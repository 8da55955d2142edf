import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Position, Problem } from '../errors.ts';
import type { Json } from './model.ts';

/** Short forms of functions; `!Ref` and `!Condition` have no `Fn::` in their long forms. */
const TAGS: Readonly<Record<string, string>> = {
  '!Ref': 'Ref',
  '!Condition': 'Condition',
  ...Object.fromEntries(
    [
      ...['And', 'Base64', 'Cidr', 'Contains', 'EachMemberEquals', 'EachMemberIn', 'Equals', 'FindInMap'],
      ...[
        'GetAtt',
        'GetAZs',
        'If',
        'ImportValue',
        'Join',
        'Length',
        'Not',
        'Or',
        'RefAll',
        'Select',
        'Split',
      ],
      ...['Sub', 'ToJsonString', 'Transform', 'ValueOf', 'ValueOfAll'],
    ].map((name) => [`!${name}`, `Fn::${name}`]),
  ),
};

/** What CloudFormation leaves out of YAML 1.1, so that `2010-09-09` is a text. */
const LEFT_OUT = /(binary|omap|pairs|set|timestamp|merge)$/;

export interface ReadText {
  readonly value: Json;
  readonly positions: ReadonlyMap<string, Position>;
  readonly problems: readonly Problem[];
}

/**
 * The text of a template, YAML 1.1 or JSON, as plain data with functions in their long form.
 *
 * Refused as CloudFormation refuses it: aliases, merges, null, a key that comes twice
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html).
 */
export function readText(text: string): ReadText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    lineCounter: lines,
    logLevel: 'silent',
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !LEFT_OUT.test(tag.tag)),
  });
  const positions = new Map<string, Position>();
  const problems: Problem[] = document.errors.map(({ message, pos }) => ({
    kind: 'syntax',
    path: '',
    message: message.split('\n')[0].replace(/ at line \d+, column \d+:?$/, ''),
    position: positionAt(lines, pos[0]),
  }));
  if (problems.length > 0) return { value: null, positions, problems };
  const value = plain(document.contents, [], { lines, positions, problems });
  return { value, positions, problems };
}

interface Reading {
  readonly lines: LineCounter;
  readonly positions: Map<string, Position>;
  readonly problems: Problem[];
}

type Path = readonly (string | number)[];

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function plain(node: Node | null, path: Path, reading: Reading): Json {
  const position = node?.range ? positionAt(reading.lines, node.range[0]) : undefined;
  if (position !== undefined) reading.positions.set(path.join('/'), position);
  const refuse = (message: string): Json => {
    reading.problems.push({ kind: 'syntax', path: path.join('/'), message, position });
    return '';
  };
  if (isAlias(node)) return refuse('CloudFormation takes no aliases');
  const tag = node?.tag;
  if (node === null || tag === undefined || !tag.startsWith('!'))
    return untagged(node, path, reading, refuse);
  const name = Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined;
  if (name === undefined) return refuse(`${tag} is no function of CloudFormation`);
  const argument = untagged(node, [...path, name], reading, refuse);
  if (name === 'Fn::GetAtt' && typeof argument === 'string') {
    const dot = argument.indexOf('.');
    return { [name]: dot < 0 ? [argument] : [argument.slice(0, dot), argument.slice(dot + 1)] };
  }
  return { [name]: argument };
}

function untagged(node: Node | null, path: Path, reading: Reading, refuse: (message: string) => Json): Json {
  if (isSeq<Node>(node)) return node.items.map((item, index) => plain(item, [...path, index], reading));
  if (isMap<Node, Node>(node)) {
    const entries: [string, Json][] = [];
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : undefined;
      if (name === undefined) refuse('a key is a scalar');
      else if (name === '<<') refuse('CloudFormation takes no merges of mappings (<<)');
      else entries.push([name, plain(value, [...path, name], reading)]);
    }
    return Object.fromEntries(entries);
  }
  const value = isScalar(node) ? node.value : null;
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  return refuse('null values are not allowed in templates');
}
