import type { EvaluatedResource, EvaluatedStack } from '../template/evaluate.ts';
import { type Cost, fixed, hourly, type Lookup, unknown, usage } from './costs.ts';
import { BY_USE, FREE, PRICES } from './prices.ts';
import { databaseCosts, endpointCosts, gatewayCosts, loadBalancerCosts, serviceCosts } from './resources.ts';

/** What one thing of a stack costs. */
export interface EstimateLine extends Cost {
  /** Name; of one inside another `lakerunner-root/CommonStack`. */
  readonly stack: string;
  /** Logical id. */
  readonly resource: string;
}

export interface Estimate {
  /** Year and month of the prices. */
  readonly asOf: string;
  readonly region: string;
  /** The sum of the fixed lines. */
  readonly monthlyUsd: number;
  readonly lines: readonly EstimateLine[];
  /** What no line says. */
  readonly notes: readonly string[];
}

const NOTES = [
  `List prices of ${PRICES.region} of ${PRICES.asOf}, written down from memory of what AWS publishes and not fetched: other regions differ by tens of per cent, and prices change. Ask https://calculator.aws before you rely on them.`,
  'Tasks at their desired count, all the time.',
  'Data transfer, between zones too, and what NAT gateways, endpoints and load balancers carry, are paid for by the GB.',
  'Without taxes, savings plans and the free tier.',
];

/**
 * What would be paid for a month of the stacks, nested ones included, as their templates say: tasks at their desired
 * count, running all the time. Prices are of one region and one date, which it names; other regions differ by tens of
 * per cent. A type that it does not know is a line of kind `unknown`, never left out.
 */
export function estimate(stacks: readonly EvaluatedStack[]): Estimate {
  const all = stacks.flatMap((stack) => withNested(stack, stack.stackName));
  const byRef = new Map(
    all.flatMap(({ resources }) =>
      Object.values(resources).flatMap((resource) =>
        resource.ref === undefined ? [] : [[resource.ref, resource]],
      ),
    ) as [string, EvaluatedResource][],
  );
  const lines = all.flatMap(({ name, resources }) =>
    Object.entries(resources).flatMap(([id, resource]) =>
      costsOf(resource, (ref) => byRef.get(ref)).map((cost) => ({ stack: name, resource: id, ...cost })),
    ),
  );
  const cents = lines.reduce((sum, { monthlyUsd = 0 }) => sum + Math.round(monthlyUsd * 100), 0);
  return { asOf: PRICES.asOf, region: PRICES.region, monthlyUsd: cents / 100, lines, notes: NOTES };
}

/** A stack and those inside it, with their names. */
function withNested(
  stack: EvaluatedStack,
  name: string,
): { name: string; resources: EvaluatedStack['resources'] }[] {
  const { resources } = stack;
  const inner = Object.entries(resources).flatMap(([id, { nested }]) =>
    nested === undefined ? [] : withNested(nested, `${name}/${id}`),
  );
  return [{ name, resources }, ...inner];
}

function costsOf({ type, properties }: EvaluatedResource, lookup: Lookup): Cost[] {
  switch (type) {
    case 'AWS::CloudFormation::Stack':
      return [];
    case 'AWS::CloudWatch::Alarm':
      return [fixed('one alarm', PRICES.alarmMonth)];
    case 'AWS::EC2::EIP':
      return [hourly('one public IPv4 address', PRICES.publicIpv4Hour)];
    case 'AWS::EC2::NatGateway':
      return gatewayCosts();
    case 'AWS::EC2::VPCEndpoint':
      return endpointCosts(properties);
    case 'AWS::ECS::Service':
      return serviceCosts(properties, lookup);
    case 'AWS::ElasticLoadBalancingV2::LoadBalancer':
      return loadBalancerCosts(properties);
    case 'AWS::KMS::Key':
      return [fixed('one key', PRICES.keyMonth), usage('requests')];
    case 'AWS::RDS::DBInstance':
      return databaseCosts(properties);
    case 'AWS::SecretsManager::Secret':
      return [fixed('one secret', PRICES.secretMonth)];
    case 'AWS::ServiceDiscovery::PrivateDnsNamespace':
      return [fixed('one private hosted zone', PRICES.hostedZoneMonth), usage('queries')];
    default:
      if (Object.hasOwn(BY_USE, type)) return [usage(BY_USE[type])];
      if (FREE.has(type) || type.startsWith('Custom::')) return [];
      return [unknown(`what a ${type} costs is not known here`)];
  }
}
