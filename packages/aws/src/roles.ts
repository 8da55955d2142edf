import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { ConfigError, UnavailableError } from '@lakewright/core';
import { awsError, type Deed, isAwsError } from './errors.ts';

/** As whom requests are made. */
export interface RoleOptions {
  /** A role to assume first, with the credentials that the SDK finds. Default: these credentials themselves. */
  readonly roleArn?: string;
  /** What the role's trust policy may ask for, when the role is in somebody else's account. */
  readonly externalId?: string;
  /** How CloudTrail calls what is done in the role: 2 to 64 letters, digits and `_+=,.@-`. Default: lakewright. */
  readonly sessionName?: string;
}

/** Credentials of a role; the SDK asks for new ones 5 minutes before these expire. */
interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const DEFAULT_SESSION_NAME = 'lakewright';

/**
 * A provider of the credentials of `roleArn`, for an hour each time: AWS' own limit for a role that is assumed by a
 * role. Throws ConfigError at once for what is no role or session; the provider throws ConfigError when the role may
 * not be assumed, and UnavailableError.
 */
export function roleCredentials(
  options: RoleOptions & { readonly roleArn: string },
  makeClient: () => STSClient,
): () => Promise<RoleCredentials> {
  const { roleArn, externalId, sessionName = DEFAULT_SESSION_NAME } = options;
  if (!ROLE.test(roleArn)) {
    throw new ConfigError(`${JSON.stringify(roleArn)} is not the ARN of a role`, {
      hint: 'write it like arn:aws:iam::123456789012:role/lake',
    });
  }
  if (!SESSION_NAME.test(sessionName)) {
    throw new ConfigError(`${JSON.stringify(sessionName)} is no name for a session of ${roleArn}`, {
      hint: 'use 2 to 64 letters, digits, and _ + = , . @ -',
    });
  }
  const deed = { what: `assume the role ${roleArn}`, action: 'sts:AssumeRole', resource: roleArn };
  return async () => {
    const client = makeClient();
    const command = new AssumeRoleCommand({
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    });
    try {
      const { Credentials } = await client.send(command);
      return completed(Credentials, deed);
    } catch (error) {
      throw refusal(error, deed, externalId !== undefined);
    } finally {
      client.destroy();
    }
  };
}

function completed(
  given: Partial<Record<'AccessKeyId' | 'SecretAccessKey' | 'SessionToken', string>> & {
    Expiration?: Date;
  } = {},
  deed: Deed,
): RoleCredentials {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given;
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Expiration === undefined) {
    throw new UnavailableError(`could not ${deed.what}: the answer holds no credentials`);
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
  };
}

/** STS says AccessDenied also of a role that is not there, and of an external id that is wrong or missing. */
function refusal(error: unknown, deed: Deed, hasExternalId: boolean): Error {
  if (!isAwsError(error, 403, 'AccessDenied')) return awsError(error, deed);
  const { message } = awsError(error, deed);
  const trust = hasExternalId ? 'with this external id' : 'and does not ask for an external id';
  return new ConfigError(message, {
    hint: `allow ${deed.action} on ${deed.resource} to this user or role, and check that the role's trust policy names it ${trust}`,
  });
}
