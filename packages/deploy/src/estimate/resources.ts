import { isObject, type JsonObject } from '../template/model.ts';
import { type Cost, fixed, hourly, type Lookup, numberOf, unknown, usage } from './costs.ts';
import { PRICES } from './prices.ts';

/** Tasks of a service on Fargate: CPU, memory, and storage beyond what is free. */
export function serviceCosts(properties: JsonObject, lookup: Lookup): Cost[] {
  const count = numberOf(properties.DesiredCount, 1);
  if (count === 0) return [];
  const task = lookup(String(properties.TaskDefinition))?.properties;
  if (task === undefined) return [unknown('tasks of a definition that is not in these stacks')];
  if (properties.LaunchType !== 'FARGATE')
    return [unknown(`${count} tasks that are not of launch type FARGATE`)];
  const platform = isObject(task.RuntimePlatform) ? task.RuntimePlatform : {};
  const architecture = platform.CpuArchitecture === 'ARM64' ? 'ARM64' : 'X86_64';
  const vcpu = numberOf(task.Cpu, 256) / 1024;
  const gb = numberOf(task.Memory, 512) / 1024;
  const price = PRICES.fargateHour[architecture];
  const storage = isObject(task.EphemeralStorage) ? numberOf(task.EphemeralStorage.SizeInGiB, 0) : 0;
  const paid = Math.max(0, storage - PRICES.fargateStorageFreeGb);
  const hour = vcpu * price.vcpu + gb * price.gb + paid * PRICES.fargateStorageGbHour;
  return [hourly(`${count} × ${vcpu} vCPU and ${gb} GB on Fargate (${architecture})`, count * hour)];
}

/** An instance of PostgreSQL and its storage. */
export function databaseCosts(properties: JsonObject): Cost[] {
  const name = String(properties.DBInstanceClass);
  const zones = properties.MultiAZ === true || properties.MultiAZ === 'true' ? 2 : 1;
  const hour = Object.hasOwn(PRICES.databaseHour, name) ? PRICES.databaseHour[name] : undefined;
  const gb = numberOf(properties.AllocatedStorage, 0);
  const where = zones === 2 ? ' in two zones' : '';
  return [
    hour === undefined
      ? unknown(`the price of ${name} is not known here`)
      : hourly(`${name}${where}`, zones * hour),
    properties.StorageType === 'gp3'
      ? fixed(`${gb} GB of gp3${where}`, zones * gb * PRICES.databaseGp3GbMonth)
      : unknown(`${gb} GB of ${String(properties.StorageType ?? 'storage')}`),
    usage('GB of backups beyond the size of the storage'),
  ];
}

export function loadBalancerCosts(properties: JsonObject): Cost[] {
  const kind = properties.Type === 'network' ? 'network' : 'application';
  const zones = Array.isArray(properties.Subnets) ? properties.Subnets.length : 0;
  return [
    hourly(`one ${kind} load balancer`, PRICES.loadBalancerHour[kind]),
    ...(properties.Scheme === 'internet-facing'
      ? [hourly(`${zones} public IPv4 addresses`, zones * PRICES.publicIpv4Hour)]
      : []),
    usage('capacity units (LCU)'),
  ];
}

export function endpointCosts(properties: JsonObject): Cost[] {
  if (properties.VpcEndpointType !== 'Interface') return [];
  const subnets = Array.isArray(properties.SubnetIds) ? properties.SubnetIds.length : 1;
  return [
    hourly(`an interface endpoint in ${subnets} subnets`, subnets * PRICES.interfaceEndpointHour),
    usage('GB through it'),
  ];
}

export function gatewayCosts(): Cost[] {
  return [hourly('one NAT gateway', PRICES.natGatewayHour), usage('GB through it')];
}
