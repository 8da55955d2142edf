import { ConfigError, messageOf } from '@lakewright/core';
import { parse } from 'yaml';

/** A parameter as a template declares it. */
export interface TemplateParameter {
  readonly name: string;
  readonly type: string;
  /** Undefined when a value must be given. */
  readonly fallback: string | undefined;
  readonly noEcho: boolean;
  readonly allowedValues: readonly string[] | undefined;
  readonly allowedPattern: string | undefined;
}

export interface TemplateResource {
  readonly logicalId: string;
  readonly type: string;
  /** `Delete`, `Retain`, `Snapshot` or `RetainExceptOnCreate`. */
  readonly deletionPolicy: string;
  /** Whether it depends on the parameters that it is made. */
  readonly conditional: boolean;
}

/** What the engine needs to know of a template; the text itself goes to CloudFormation as it is. */
export interface TemplateFacts {
  readonly file: string;
  readonly body: string;
  readonly parameters: readonly TemplateParameter[];
  readonly resources: readonly TemplateResource[];
}

type Section = Record<string, Record<string, unknown>>;

/** Reads a template in YAML or JSON. Throws ConfigError for what is none. */
export function templateFacts(file: string, body: string): TemplateFacts {
  let template: { Parameters?: Section; Resources?: Section } | null;
  try {
    // Short forms like !Ref are tags that only CloudFormation resolves; nothing that is read here has one.
    template = parse(body, { version: '1.1', logLevel: 'silent', maxAliasCount: 0 });
  } catch (error) {
    throw new ConfigError(`${file} is no template: ${messageOf(error)}`);
  }
  const { Parameters: parameters = {}, Resources: resources } = template ?? {};
  if (resources === undefined) throw new ConfigError(`${file} is no template: it has no Resources`);
  return {
    file,
    body,
    parameters: Object.entries(parameters).map(([name, said]) => parameterOf(name, said)),
    resources: Object.entries(resources).map(([logicalId, said]) => ({
      logicalId,
      type: String(said.Type),
      deletionPolicy: policyOf(said),
      conditional: said.Condition !== undefined,
    })),
  };
}

function parameterOf(name: string, said: Record<string, unknown>): TemplateParameter {
  return {
    name,
    type: String(said.Type ?? 'String'),
    fallback: said.Default === undefined ? undefined : String(said.Default),
    noEcho: said.NoEcho === true || said.NoEcho === 'true',
    allowedValues: Array.isArray(said.AllowedValues) ? said.AllowedValues.map(String) : undefined,
    allowedPattern: said.AllowedPattern === undefined ? undefined : String(said.AllowedPattern),
  };
}

/** CloudFormation takes a snapshot of a database that no cluster has, unless the template says otherwise. */
function policyOf({ DeletionPolicy: policy, Type: type }: Record<string, unknown>): string {
  if (typeof policy === 'string') return policy;
  return type === 'AWS::RDS::DBInstance' || type === 'AWS::RDS::DBCluster' ? 'Snapshot' : 'Delete';
}
