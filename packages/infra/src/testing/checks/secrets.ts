import {
  at,
  type Check,
  type Deployment,
  type Finding,
  finding,
  type Placed,
  resourcesOf,
  textAt,
  textsIn,
} from '../deployment.ts';
import { allows, rightsOf, roleAt, type Statement } from '../policies.ts';
import { containersOf } from '../tasks.ts';

/** Execution roles read what they put into the environment: secrets and parameters, each by ARN, keys of secrets too. */
export const secretsAreGranted: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::ECS::TaskDefinition').flatMap((definition) => {
    const secrets = containersOf(definition).flatMap((container) => [...container.secrets]);
    if (secrets.length === 0) return [];
    const role = roleAt(textAt(definition.properties, 'ExecutionRoleArn'), deployment);
    if (role === undefined)
      return [finding(definition, 'its execution role is not made here: who grants its secrets?')];
    const rights = rightsOf(role, deployment);
    return secrets.flatMap(([variable, from]) => granted(definition, variable, from, rights, deployment));
  });

function granted(
  definition: Placed,
  variable: string,
  from: string,
  rights: readonly Statement[],
  deployment: Deployment,
): Finding[] {
  const [, , service] = from.split(':');
  if (service !== 'secretsmanager') {
    const arn = from.startsWith('arn:') ? from : `arn:aws:ssm:us-east-1:123456789012:parameter${from}`;
    return allows(rights, 'ssm:GetParameters', arn)
      ? []
      : [finding(definition, `${variable}: its execution role may not ssm:GetParameters ${arn}`)];
  }
  // secret:NAME-SUFFIX, then the key of its JSON, a version stage and a version.
  const parts = from.split(':');
  const arn = parts.slice(0, 7).join(':');
  const faults: Finding[] = [];
  if (!allows(rights, 'secretsmanager:GetSecretValue', arn)) {
    faults.push(
      finding(definition, `${variable}: its execution role may not secretsmanager:GetSecretValue ${arn}`),
    );
  }
  if (parts.length !== 7 && parts.length !== 10) {
    faults.push(finding(definition, `${variable}: ${from} is not ARN:key:stage:version`));
  }
  const secret = resourcesOf(deployment, 'AWS::SecretsManager::Secret').find(({ ref }) => ref === arn);
  const key = parts[7] ?? '';
  if (secret !== undefined && key !== '' && !keysOf(secret).includes(key)) {
    faults.push(finding(definition, `${variable}: the secret ${secret.id} has no key ${key}`));
  }
  return faults;
}

/** The keys of the JSON in a secret that is made here. */
function keysOf({ properties }: Placed): string[] {
  const generated = at(properties, 'GenerateSecretString');
  const text = textAt(generated, 'SecretStringTemplate') || textAt(properties, 'SecretString');
  const key = textAt(generated, 'GenerateStringKey');
  try {
    return [...Object.keys(JSON.parse(text) as object), key];
  } catch {
    return [key];
  }
}

/** A key of the customer's own is granted to whoever reads what it encrypts. */
export const keysAreGranted: Check = (deployment) =>
  deployment.stacks.flatMap((of) => {
    const key = of.stack.parameters.KmsKeyArn;
    if (typeof key !== 'string' || key === '') return [];
    const definitions = resourcesOf({ stacks: [of] }, 'AWS::ECS::TaskDefinition');
    return definitions.flatMap((definition) => {
      const own = ['ExecutionRoleArn', 'TaskRoleArn'].flatMap((name) => {
        const role = roleAt(textAt(definition.properties, name), deployment);
        const reads = role !== undefined && rightsOf(role, deployment).some(readsData);
        return role !== undefined && reads && !allows(rightsOf(role, deployment), 'kms:Decrypt', key)
          ? [role]
          : [];
      });
      return own.map((role) =>
        finding(role, `may not kms:Decrypt with ${key}, which ${definition.id} needs`),
      );
    });
  });

function readsData({ actions }: Statement): boolean {
  return actions.some((action) => /^(s3:Get|s3:Put|sqs:Receive|secretsmanager:Get)/.test(action));
}

/** Parameters that hold secrets, by their names. The values of the others may be shown. */
const SECRET = /(Key|Keys|Password|Secret|Token)(s|Override|Value)?$/;
const NO_SECRETS: Readonly<Record<string, string>> = {
  SetupToken: 'says that setup is to run once more; it opens nothing',
  GrafanaResetToken: 'says that something is to be done once; it opens nothing',
};

/** Parameters that hold secrets are not shown. */
export const secretParametersAreHidden: Check = ({ stacks }) =>
  stacks.flatMap(({ file, template }) =>
    Object.entries(template.parameters)
      .filter(([name, { noEcho }]) => SECRET.test(name) && !(name in NO_SECRETS) && !noEcho)
      .map(([name]) => ({ file, resource: name, message: 'holds a secret, and is without NoEcho' })),
  );

/** What a NoEcho parameter holds goes into secrets, and to NoEcho parameters of nested stacks, and nowhere else. */
export const hiddenValuesStayHidden: Check = (deployment) =>
  deployment.stacks.flatMap((of) => {
    const hidden = Object.entries(of.template.parameters).flatMap(([name, { noEcho }]) => {
      const value = of.stack.parameters[name];
      return noEcho && typeof value === 'string' && value.length > 3 ? [{ name, value }] : [];
    });
    const shown = [
      ...resourcesOf({ stacks: [of] })
        .filter(({ type }) => type !== 'AWS::SecretsManager::Secret')
        .flatMap(({ id, properties, nested }) =>
          [...textsIn(properties)]
            .filter(({ path }) => nested === undefined || path[0] !== 'Parameters')
            .map(({ text }) => ({ id, text })),
        ),
      ...Object.entries(of.stack.outputs).map(([id, { value }]) => ({ id, text: value })),
    ];
    return hidden.flatMap(({ name, value }) =>
      shown
        .filter(({ text }) => text.includes(value))
        .map(({ id }) => ({
          file: of.file,
          resource: id,
          message: `shows what the NoEcho parameter ${name} holds`,
        })),
    );
  });

/** No secret stands in the environment, where whoever may describe a task definition reads it. */
export const noSecretsInEnvironment: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::ECS::TaskDefinition').flatMap((definition) =>
    containersOf(definition).flatMap(({ environment }) =>
      [...environment]
        .filter(
          ([name, value]) =>
            /(PASSWORD|SECRET|API_KEY|HMAC256_KEY|TOKEN)$/.test(name) &&
            value !== '' &&
            !(name === 'RESET_TOKEN' || name === 'GRAFANA_RESET_TOKEN'),
        )
        .map(([name]) => finding(definition, `${name} is a secret in plain sight`)),
    ),
  );
