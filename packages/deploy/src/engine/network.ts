import { BadInputError, type Subnet } from '@lakewright/core';
import type { GivenValue } from './given.ts';
import type { NetworkParameters } from './system.ts';

/** The database and the file system are in two zones at least. */
const LEAST_ZONES = 2;

/**
 * What a system is told of a VPC that is there: its subnets by their routes, one of each zone, unless a person named
 * them. Throws BadInputError, with the list, when a zone has several or there are not as many as are needed.
 */
export function networkOf(
  parameters: NetworkParameters,
  vpc: string,
  subnets: readonly Subnet[],
  given: readonly GivenValue[],
): GivenValue[] {
  const { stack } = parameters;
  const isNamed = (names: readonly string[]) => given.some(({ name }) => names.includes(name));
  const own = isNamed(parameters.privateSubnets)
    ? []
    : chosen(parameters.privateSubnets, vpc, subnets, false);
  const open = isNamed(parameters.publicSubnets) ? [] : chosen(parameters.publicSubnets, vpc, subnets, true);
  return [{ name: parameters.vpc, value: vpc }, ...own, ...open].map((value) => ({ ...value, stack }));
}

function chosen(
  names: readonly string[],
  vpc: string,
  subnets: readonly Subnet[],
  isPublic: boolean,
): { name: string; value: string }[] {
  const found = subnets.filter((subnet) => subnet.isPublic === isPublic);
  const kind = isPublic ? 'public' : 'private';
  const zones = new Set(found.map(({ zone }) => zone)).size;
  if (found.length > zones) throw unclear(vpc, `has several ${kind} subnets in one zone`, names, subnets);
  // Without public ones there is no load balancer that the internet reaches, and nothing else is missing.
  if (isPublic && zones < LEAST_ZONES) return [];
  if (zones < LEAST_ZONES) {
    const count = zones === 1 ? '1 zone' : `${zones} zones`;
    throw unclear(vpc, `has private subnets in ${count}, and two are needed`, names, subnets);
  }
  const ids = found.map(({ id }) => id);
  if (names.length === 1) return [{ name: names[0], value: ids.join(',') }];
  if (ids.length === names.length) return names.map((name, at) => ({ name, value: ids[at] }));
  throw unclear(vpc, `has ${ids.length} ${kind} subnets, and ${names.length} are taken`, names, subnets);
}

function unclear(
  vpc: string,
  why: string,
  names: readonly string[],
  subnets: readonly Subnet[],
): BadInputError {
  const list = subnets
    .map(({ id, zone, cidr, name, isPublic }) =>
      [id, zone, cidr, isPublic ? 'public' : 'private', name ?? ''].join(' ').trim(),
    )
    .join('; ');
  const how = names.map((name) => `--set ${name}=${names.length === 1 ? 'ID,ID' : 'ID'}`).join(' ');
  return new BadInputError(`${vpc} ${why}: name the subnets with ${how}`, { hint: `it has ${list}` });
}
