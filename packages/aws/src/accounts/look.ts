import { type Look, NotFoundError, UnavailableError } from '@lakewright/core';
import { AwsError, awsError, type Deed, isAwsError, isRefusal } from '../errors.ts';

/** How AWS' services say that something is not there, beside what `awsError` knows. */
const ABSENT = [
  'NoSuchBucket',
  'NoSuchBucketPolicy',
  'NoSuchLifecycleConfiguration',
  'ServerSideEncryptionConfigurationNotFoundError',
  'NoSuchEntity',
  'NoSuchEntityException',
  'InvalidVpcID.NotFound',
  'InvalidVpcID.Malformed',
  'InvalidSubnetID.NotFound',
  'InvalidSubnetID.Malformed',
  'InvalidGroup.NotFound',
  'InvalidGroupId.Malformed',
  'InvalidGroupId.NotFound',
  'ClusterNotFoundException',
];

/**
 * What `ask` finds: nothing (undefined) is absent, and a refusal is hidden, with what would have to be allowed. Throws
 * UnavailableError, and ConfigError where nobody could be asked at all.
 */
export async function look<T>(deed: Deed, ask: () => Promise<T | undefined>): Promise<Look<T>> {
  try {
    const value = await ask();
    return value === undefined ? { state: 'absent' } : { state: 'seen', value };
  } catch (error) {
    if (isAwsError(error, ...ABSENT)) return { state: 'absent' };
    const said = awsError(error, deed);
    if (said instanceof NotFoundError) return { state: 'absent' };
    if (isRefusal(error) || said instanceof AwsError) return hidden(deed, said);
    throw said;
  }
}

/** The same for what an account may live without: whatever fails is hidden. */
export async function tryToLook<T>(deed: Deed, ask: () => Promise<T | undefined>): Promise<Look<T>> {
  try {
    return await look(deed, ask);
  } catch (error) {
    if (error instanceof UnavailableError) return hidden(deed, error);
    throw error;
  }
}

function hidden(deed: Deed, { message }: Error): Look<never> {
  return { state: 'hidden', reason: message, action: deed.action };
}

/** All pages of a listing. */
export async function pages<Page, Item>(
  ask: (token: string | undefined) => Promise<Page>,
  tokenOf: (page: Page) => string | undefined,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  let token: string | undefined;
  do {
    const page = await ask(token);
    items.push(...(itemsOf(page) ?? []));
    token = tokenOf(page) || undefined;
  } while (token !== undefined);
  return items;
}
