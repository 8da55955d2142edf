import { BadInputError, type Subnet } from '@lakewright/core';
import type { GivenValue } from './given.ts';

/** The database and the file system are in two zones at least. */
const LEAST_ZONES = 2;

/**
 * What the common stack is told of a VPC that is there: its subnets by their routes, one of each zone, unless a person
 * named them. Throws BadInputError, with the list, when a zone has several or there are not enough.
 */
export function networkOf(
  vpc: string,
  subnets: readonly Subnet[],
  given: readonly GivenValue[],
): GivenValue[] {
  const isNamed = (name: string) => given.some((value) => value.name === name);
  const parameters: GivenValue[] = [{ name: 'VpcId', value: vpc, stack: 'common' }];
  const add = (name: string, chosen: readonly Subnet[]) =>
    parameters.push({ name, value: chosen.map(({ id }) => id).join(','), stack: 'common' });
  if (!isNamed('PrivateSubnets')) {
    const own = subnets.filter(({ isPublic }) => !isPublic);
    const zones = new Set(own.map(({ zone }) => zone)).size;
    if (zones < LEAST_ZONES || own.length > zones) {
      const why =
        zones < LEAST_ZONES
          ? `has private subnets in ${zones} zone${zones === 1 ? '' : 's'}, and two are needed`
          : 'has several private subnets in one zone';
      throw unclear(vpc, why, 'PrivateSubnets', subnets);
    }
    add('PrivateSubnets', own);
  }
  if (!isNamed('PublicSubnets')) {
    const open = subnets.filter(({ isPublic }) => isPublic);
    const zones = new Set(open.map(({ zone }) => zone)).size;
    if (open.length > zones) {
      throw unclear(vpc, 'has several public subnets in one zone', 'PublicSubnets', subnets);
    }
    if (open.length > 0) add('PublicSubnets', open);
  }
  return parameters;
}

function unclear(vpc: string, why: string, parameter: string, subnets: readonly Subnet[]): BadInputError {
  const list = subnets
    .map(({ id, zone, cidr, name, isPublic }) =>
      [id, zone, cidr, isPublic ? 'public' : 'private', name ?? ''].join(' ').trim(),
    )
    .join('; ');
  return new BadInputError(`${vpc} ${why}: name the subnets with --set ${parameter}=ID,ID`, {
    hint: `it has ${list}`,
  });
}
