import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../../../test/support/runtime.ts';
import type { Template } from '../../../../test/support/stack-template.ts';
import { CollectorStack } from './collector/stack.ts';
import { DemoAppsStack } from './demo-apps.ts';
import { GrafanaStack } from './grafana/stack.ts';

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name);

describe.each([
  ['otel-collector.md', 'lakerunner-otel-collector.yaml', new CollectorStack()],
  ['demo-apps.md', 'lakerunner-demo-apps.yaml', new DemoAppsStack()],
  ['grafana.md', 'lakerunner-grafana-service.yaml', new GrafanaStack()],
])('docs/aws/%s', (page, file, stack) => {
  const template = stack.template() as unknown as Template;
  const text = read(`docs/aws/${page}`);

  it('has every parameter with its default, and no other', () => {
    const [table] = text.split('| parameter | default |')[1].split('\n\n');
    const rows = [...table.matchAll(/^\| `(\w+)` \| (?:`([^`]+)`|-) \|/gm)].map(([, name, value = '']) => [
      name,
      value,
    ]);
    const declared = Object.entries(template.Parameters).map(([name, { Default = '' }]) => [name, Default]);
    expect(rows.sort()).toEqual(declared.sort());
  });

  it('has every output', () => {
    const [line] = matches(text, /^Outputs?: (.*?)\.(?: |$)/gm);
    expect(matches(line, /`(\w+)`/g).sort()).toEqual(Object.keys(template.Outputs).sort());
  });

  it('has commands for the template that is generated, with parameters that it has', () => {
    expect(matches(text, /file:\/\/(\S+)/g)).toEqual([`generated-templates/${file}`]);
    expect(existsSync(join(REPOSITORY, 'generated-templates', file))).toBe(true);
    for (const name of matches(text, /ParameterKey=(\w+)/g)) expect(template.Parameters).toHaveProperty(name);
    const [create] = matches(text, /create-stack([^`]*)```/g);
    for (const [name, { Default }] of Object.entries(template.Parameters)) {
      if (Default === undefined) expect(create).toContain(`ParameterKey=${name},`);
    }
    expect(text).not.toContain('\\\\');
  });

  it('keeps every parameter that an update does not change', () => {
    for (const update of matches(text, /update-stack (--stack-name[^`]*)```/g)) {
      expect(matches(update, /ParameterKey=(\w+)/g).sort()).toEqual(Object.keys(template.Parameters).sort());
    }
  });
});

it.each(['README-OTEL-COLLECTOR.md', 'README-DEMO-APPS.md'])('%s leads to its guide', (page) => {
  for (const link of matches(read(page), /\]\(([^)]+)\)/g))
    expect(existsSync(join(REPOSITORY, link))).toBe(true);
});
