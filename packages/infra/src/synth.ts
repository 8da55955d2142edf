import { CollectorStack } from './lakerunner/collector/stack.ts';
import { CommonStack } from './lakerunner/common/stack.ts';
import { DemoAppsStack } from './lakerunner/demo-apps.ts';
import { GrafanaStack } from './lakerunner/grafana/stack.ts';
import { RootStack } from './lakerunner/root/stack.ts';
import { ServicesStack } from './lakerunner/services/stack.ts';
import { SetupStack } from './lakerunner/setup/stack.ts';
import { VpcStack } from './lakerunner/vpc.ts';
import type { TemplateStack } from './template-stack.ts';
import { templateYaml } from './template-yaml.ts';

/** CloudFormation takes a template of so many bytes in the request itself (`--template-body`). */
export const MAX_TEMPLATE_BYTES = 51_200;

/** The file of each template, and what makes it. */
const TEMPLATES: Readonly<Record<string, () => TemplateStack>> = {
  'lakerunner-vpc.yaml': () => new VpcStack(),
  'lakerunner-common.yaml': () => new CommonStack(),
  'lakerunner-ecs-setup.yaml': () => new SetupStack(),
  'lakerunner-ecs-services.yaml': () => new ServicesStack(),
  'lakerunner-root.yaml': () => new RootStack(),
  'lakerunner-grafana-service.yaml': () => new GrafanaStack(),
  'lakerunner-otel-collector.yaml': () => new CollectorStack(),
  'lakerunner-demo-apps.yaml': () => new DemoAppsStack(),
};

/** Other names of a template, by which the guides of Lakerunner call it: the same bytes. */
const ALIASES: Readonly<Record<string, string>> = {
  'lakerunner-migration.yaml': 'lakerunner-ecs-setup.yaml',
  'lakerunner-services.yaml': 'lakerunner-ecs-services.yaml',
};

/** Every template of generated-templates/ as YAML, by file name. Throws when one is too large for CloudFormation. */
export function synthesize(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [file, make] of Object.entries(TEMPLATES)) {
    const text = templateYaml(make().template());
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_TEMPLATE_BYTES) {
      throw new Error(`${file} has ${bytes} bytes; CloudFormation takes ${MAX_TEMPLATE_BYTES}`);
    }
    files.set(file, text);
  }
  for (const [alias, file] of Object.entries(ALIASES)) files.set(alias, files.get(file) as string);
  return files;
}
