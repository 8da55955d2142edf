import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import {
  ConfigError,
  checkedSecret,
  NotFoundError,
  parseSecretReference,
  type Secrets,
} from '@lakewright/core';
import { type ClientOptions, regionOf, secretsManagerClient, ssmClient } from '../clients.ts';
import { awsError, type Deed, isAwsError } from '../errors.ts';
import { partitionOf } from '../partitions.ts';

const SCHEMES = ['ssm', 'secretsmanager'];

/**
 * Secrets of AWS. `ssm:NAME` is a parameter of SSM Parameter Store, decrypted, by name (with `:version` or `:label`)
 * or ARN; `secretsmanager:ID` a text of Secrets Manager by name or ARN, and `secretsmanager:ID#KEY` the field KEY of
 * one that is a JSON object, as Secrets Manager keeps the passwords of databases. An ARN is asked in its own region.
 * A client is made for each read and closed after it: secrets are read at the start, seldom, and not kept.
 */
export function awsSecrets(options: ClientOptions = {}): Secrets {
  return {
    schemes: SCHEMES,
    async get(reference) {
      const { scheme, name } = parseSecretReference(reference, SCHEMES);
      const text =
        scheme === 'ssm'
          ? await readParameter(reference, name, options)
          : await readSecret(reference, name, options);
      return checkedSecret(reference, text);
    },
  };
}

async function readParameter(reference: string, name: string, options: ClientOptions): Promise<string> {
  const where = { ...options, region: regionOfArn(name) ?? options.region };
  const client = ssmClient(where);
  try {
    const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return Parameter?.Value ?? '';
  } catch (error) {
    const plain = name.replace(/^\//, '');
    throw awsError(error, {
      ...deedOf(reference, 'ssm:GetParameter'),
      resource: name.startsWith('arn:') ? name : arnOf('ssm', `parameter/${plain}`, where),
      missingHint: 'check its name, the account and AWS_REGION; the name of a path begins with a slash',
    });
  } finally {
    client.destroy();
  }
}

async function readSecret(reference: string, name: string, options: ClientOptions): Promise<string> {
  const mark = name.lastIndexOf('#');
  const id = mark < 0 ? name : name.slice(0, mark);
  const where = { ...options, region: regionOfArn(id) ?? options.region };
  const client = secretsManagerClient(where);
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    if (SecretString === undefined) throw new ConfigError(`the secret ${reference} is bytes, and no text`);
    return mark < 0 ? SecretString : fieldOf(reference, SecretString, name.slice(mark + 1));
  } catch (error) {
    // What is marked for deletion is refused like this.
    if (isAwsError(error, 'InvalidRequestException')) {
      throw new NotFoundError(`the secret ${reference} cannot be read as it is now`, {
        hint: `it may be marked for deletion: aws secretsmanager describe-secret --secret-id ${id}`,
      });
    }
    throw awsError(error, {
      ...deedOf(reference, 'secretsmanager:GetSecretValue'),
      resource: id.startsWith('arn:') ? id : arnOf('secretsmanager', `secret:${id}-*`, where),
      missingHint: 'check its name, the account and AWS_REGION',
    });
  } finally {
    client.destroy();
  }
}

/** One field of a JSON object, as text. Nothing of the object is quoted. */
function fieldOf(reference: string, json: string, key: string): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser quotes what it cannot read.
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`the secret ${reference} is no JSON object`, {
      hint: 'leave out #KEY to take all of the text',
    });
  }
  const field = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  if (field === undefined || field === null) {
    throw new NotFoundError(`there is no secret ${reference}: its JSON object has no such field`);
  }
  if (typeof field === 'object')
    throw new ConfigError(`the secret ${reference} is a JSON object, and no text`);
  return String(field);
}

function deedOf(reference: string, action: string): Omit<Deed, 'resource'> {
  return {
    what: `read the secret ${reference}`,
    action: `${action} (and kms:Decrypt on its key, where that is your own)`,
    missing: `there is no secret ${reference}`,
  };
}

function arnOf(service: string, name: string, options: ClientOptions): string {
  const region = regionOf(options);
  return `arn:${partitionOf(region)}:${service}:${region ?? '*'}:*:${name}`;
}

function regionOfArn(name: string): string | undefined {
  return /^arn:[a-z-]+:[a-z]+:([a-z0-9-]+):/.exec(name)?.[1];
}
