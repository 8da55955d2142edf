import { Document, isCollection, visit } from 'yaml';

/** How each template begins: by it synth knows the files that are its own. */
export const HEADER = '# Made by `lakewright synth`: change packages/infra, not this file.\n';

/** Sections in the order in which CloudFormation's documentation has them. */
const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
];

/** What is shorter than this in JSON stands on one line: templates may have only so many bytes. */
const ONE_LINE = 400;

/** A template as YAML 1.1, as CloudFormation reads it: `Yes` and dates in quotes, no anchors, scripts not folded. */
export function templateYaml(template: Readonly<Record<string, unknown>>): string {
  const known = SECTIONS.filter((section) => template[section] !== undefined);
  const unknown = Object.keys(template).filter((section) => !SECTIONS.includes(section));
  if (unknown.length > 0) throw new Error(`a template has no section ${unknown.join(', ')}`);
  const document = new Document(Object.fromEntries(known.map((section) => [section, template[section]])), {
    version: '1.1',
    aliasDuplicateObjects: false,
  });
  visit(document, {
    Scalar: (_key, node) => {
      // Not every parser takes these plain where a collection stands on one line; SnakeYAML's and Python's do not.
      if (typeof node.value === 'string' && /^[:-]|\?/.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
    Collection: (_key, node, path) => {
      if (path.length <= 2 || !isCollection(node)) return undefined;
      const json = JSON.stringify(node);
      if (json.length < ONE_LINE && !json.includes('\\n')) node.flow = true;
      return undefined;
    },
  });
  return (
    HEADER +
    document.toString({
      lineWidth: 0,
      directives: false,
      flowCollectionPadding: false,
      indentSeq: false,
      indent: 1,
    })
  );
}
