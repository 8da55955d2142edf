import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { ConfigError, NotFoundError } from '@lakewright/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Moto, startMoto } from '../../../../test/support/moto.ts';
import { secretsSuite, told } from '../../../core/test/secrets-suite.ts';
import { secretsManagerClient, ssmClient } from '../clients.ts';
import { awsSecrets } from '../index.ts';

let moto: Moto;
let ssm: SSMClient;
let manager: SecretsManagerClient;
beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
  ssm = ssmClient({});
  manager = secretsManagerClient({});
});
afterAll(async () => {
  ssm.destroy();
  manager.destroy();
  await moto.stop();
});

const putParameter = async (text: string) => {
  const name = `/lake/${randomUUID()}`;
  // Only a parameter of the advanced tier holds more than 4 KiB.
  await ssm.send(
    new PutParameterCommand({ Name: name, Value: text, Type: 'SecureString', Tier: 'Advanced' }),
  );
  return `ssm:${name}`;
};
const putSecret = async (content: string | Uint8Array) => {
  const name = `lake/${randomUUID()}`;
  const value = typeof content === 'string' ? { SecretString: content } : { SecretBinary: content };
  const { ARN } = await manager.send(new CreateSecretCommand({ Name: name, ...value }));
  return { reference: `secretsmanager:${name}`, arn: ARN ?? '', name };
};

secretsSuite('awsSecrets, in Parameter Store,', async () => ({
  secrets: awsSecrets(),
  put: putParameter,
  missing: 'ssm:/lake/nobody',
  close: async () => undefined,
}));

secretsSuite('awsSecrets, in Secrets Manager,', async () => ({
  secrets: awsSecrets(),
  put: async (text) => (await putSecret(text)).reference,
  missing: 'secretsmanager:lake/nobody',
  close: async () => undefined,
}));

describe('Parameter Store', () => {
  test('gives the version that is asked for', async () => {
    const reference = await putParameter('one');
    await ssm.send(new PutParameterCommand({ Name: reference.slice(4), Value: 'two', Overwrite: true }));
    expect(await awsSecrets().get(`${reference}:1`)).toBe('one');
    expect(await awsSecrets().get(reference)).toBe('two');
    await expect(awsSecrets().get(`${reference}:7`)).rejects.toThrow(NotFoundError);
  });
});

describe('Secrets Manager', () => {
  const JSON_TEXT =
    '{"username":"lake","password":"hunter2","port":5432,"ready":true,"more":{"a":1},"none":null}';

  test('gives a secret by ARN, in the region of the ARN', async () => {
    const { arn } = await putSecret('text');
    expect(await awsSecrets({ region: 'eu-west-1' }).get(`secretsmanager:${arn}`)).toBe('text');
  });

  test.each([
    ['password', 'hunter2'],
    ['port', '5432'],
    ['ready', 'true'],
  ])('gives the field %s of a JSON object', async (key, text) => {
    const { reference, arn } = await putSecret(JSON_TEXT);
    expect(await awsSecrets().get(`${reference}#${key}`)).toBe(text);
    expect(await awsSecrets().get(`secretsmanager:${arn}#${key}`)).toBe(text);
    expect(await awsSecrets().get(reference)).toBe(JSON_TEXT);
  });

  test.each([
    [JSON_TEXT, 'other', NotFoundError],
    [JSON_TEXT, 'none', NotFoundError],
    [JSON_TEXT, 'toString', NotFoundError],
    [JSON_TEXT, 'more', ConfigError],
    ['hunter2 is no JSON', 'password', ConfigError],
    ['["hunter2"]', '0', ConfigError],
    ['"hunter2"', 'length', ConfigError],
  ])('of %s there is no field %s, and nothing is told of it', async (content, key, kind) => {
    const { reference } = await putSecret(content);
    const refused = await awsSecrets()
      .get(`${reference}#${key}`)
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(kind);
    expect(told(refused)).not.toContain('hunter2');
  });

  test('what is bytes or marked for deletion is refused', async () => {
    const { reference } = await putSecret(new Uint8Array([1, 2, 3]));
    await expect(awsSecrets().get(reference)).rejects.toThrow(ConfigError);
    const marked = await putSecret('text');
    await manager.send(new DeleteSecretCommand({ SecretId: marked.name, RecoveryWindowInDays: 7 }));
    await expect(awsSecrets().get(marked.reference)).rejects.toThrow(NotFoundError);
  });
});
