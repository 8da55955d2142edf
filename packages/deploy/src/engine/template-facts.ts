import type { ParameterDeclaration, ResourceDeclaration, Template } from '../template/model.ts';
import { parseTemplate } from '../template/parse.ts';

/** A parameter as a template declares it. */
export interface TemplateParameter extends ParameterDeclaration {
  readonly name: string;
}

export interface TemplateResource {
  readonly logicalId: string;
  readonly type: string;
  /** `Delete`, `Retain`, `Snapshot` or `RetainExceptOnCreate`. */
  readonly deletionPolicy: string;
}

/** What the engine needs to know of a template; the text itself goes to CloudFormation as it is. */
export interface TemplateFacts {
  readonly file: string;
  readonly body: string;
  /** The text as it is read, to be evaluated. */
  readonly template: Template;
  readonly parameters: readonly TemplateParameter[];
  readonly resources: readonly TemplateResource[];
}

/** Reads a template in YAML or JSON. Throws TemplateError for what is none. */
export function templateFacts(file: string, body: string): TemplateFacts {
  const template = parseTemplate(body, file);
  return {
    file,
    body,
    template,
    parameters: Object.entries(template.parameters).map(([name, said]) => ({ name, ...said })),
    resources: Object.entries(template.resources).map(([logicalId, said]) => ({
      logicalId,
      type: said.type,
      deletionPolicy: policyOf(said),
    })),
  };
}

/** CloudFormation takes a snapshot of a database that no cluster has, unless the template says otherwise. */
function policyOf({ deletionPolicy: policy, type }: ResourceDeclaration): string {
  if (typeof policy === 'string') return policy;
  return type === 'AWS::RDS::DBInstance' || type === 'AWS::RDS::DBCluster' ? 'Snapshot' : 'Delete';
}
