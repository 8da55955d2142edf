import { type CfnCondition, type CfnParameter, Fn } from 'aws-cdk-lib/core';
import { importedFrom } from '../../template-stack.ts';
import { onlyIf } from '../conditions.ts';
import type { ContainerDefinition } from '../fargate.ts';

type Variables = Extract<NonNullable<ContainerDefinition['environment']>, unknown[]>;
type Secrets = Extract<NonNullable<ContainerDefinition['secrets']>, unknown[]>;

/** Variables as ECS has them. */
export function variables(values: Readonly<Record<string, string>>): Variables {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** A field of a secret that holds JSON, as ECS is told of it. */
export function fieldOf(secretArn: string, field: string): string {
  return Fn.join('', [secretArn, `:${field}::`]);
}

/** Where the catalog is, and that what is said to it is encrypted. */
export function databaseVariables(common: CfnParameter): Variables {
  return variables({
    LRDB_HOST: importedFrom(common, 'DbEndpoint'),
    LRDB_PORT: importedFrom(common, 'DbPort'),
    LRDB_DBNAME: importedFrom(common, 'DbName'),
    LRDB_SSLMODE: 'require',
  });
}

export function databaseSecrets(common: CfnParameter): Secrets {
  const secret = importedFrom(common, 'DbSecretArn');
  return [
    { name: 'LRDB_USER', valueFrom: fieldOf(secret, 'username') },
    { name: 'LRDB_PASSWORD', valueFrom: fieldOf(secret, 'password') },
  ];
}

/** Where the services' own telemetry goes, if anywhere, and with which headers, if with any. */
export interface Telemetry {
  readonly endpoint: CfnParameter;
  readonly isOn: CfnCondition;
  /** ARN of a secret. */
  readonly headers: CfnParameter;
  readonly hasHeaders: CfnCondition;
}

/** Without telemetry the variables are not there: they are not there with nothing in them. */
export function telemetryVariables({ endpoint, isOn }: Telemetry): Variables {
  const on = (Name: string, Value: string) => onlyIf(isOn, { Name, Value });
  return [on('OTEL_EXPORTER_OTLP_ENDPOINT', endpoint.valueAsString), on('ENABLE_OTLP_TELEMETRY', 'true')];
}

export function headersSecret({ headers, hasHeaders }: Telemetry): Secrets[number] {
  return onlyIf(hasHeaders, { Name: 'OTEL_EXPORTER_OTLP_HEADERS', ValueFrom: headers.valueAsString });
}
