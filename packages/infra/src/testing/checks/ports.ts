import {
  type Check,
  type Deployment,
  type Finding,
  finding,
  listAt,
  type Placed,
  resourcesOf,
  textAt,
  textsAt,
} from '../deployment.ts';
import { groupsOf, type Listening, listeningOf } from '../load-balancers.ts';
import { SecurityGroups } from '../security-groups.ts';
import { type Run, runsOf } from '../tasks.ts';

/** Target groups reach the tasks behind them, on the port of the traffic and on that of the health check. */
export const balancersReachTasks: Check = (deployment) => {
  const groups = new SecurityGroups(deployment);
  const listening = listeningOf(deployment);
  const targets = new Map(
    resourcesOf(deployment, 'AWS::ElasticLoadBalancingV2::TargetGroup').map((resource) => [
      resource.ref,
      resource,
    ]),
  );
  return runsOf(deployment).flatMap((run) =>
    listAt(run.runner.properties, 'LoadBalancers').flatMap((attachment) => {
      const target = targets.get(textAt(attachment, 'TargetGroupArn'));
      const port = Number(textAt(attachment, 'ContainerPort'));
      const container = run.containers.find(({ name }) => name === textAt(attachment, 'ContainerName'));
      if (target === undefined) return [finding(run.runner, 'is behind a target group that is not there')];
      if (container?.ports.includes(port) !== true) {
        return [
          finding(run.runner, `is behind ${target.id} on ${port}, to which no container has a port mapping`),
        ];
      }
      const before = listening.filter((each) => each.targets.includes(target.ref as string));
      if (before.length === 0) return [finding(target, 'no listener forwards to it')];
      const health = textAt(target.properties, 'HealthCheckPort');
      const ports = new Set([port, /^\d+$/.test(health) ? Number(health) : port]);
      return before.flatMap((each) => unreached(each, run, ports, groups));
    }),
  );
};

function unreached(
  { listener, balancer }: Listening,
  run: Run,
  ports: Set<number>,
  groups: SecurityGroups,
): Finding[] {
  if (balancer === undefined) return [finding(listener, 'is of a load balancer that is not there')];
  const from = groupsOf(balancer);
  return [...ports]
    .filter((port) =>
      // A network load balancer may be without groups: then its addresses are let in, or nothing.
      from.length === 0
        ? !groups.admitsAddresses(run.securityGroups, port)
        : !groups.admits(run.securityGroups, port, from),
    )
    .map((port) => finding(run.runner, `no security group admits ${balancer.id} to its port ${port}`));
}

/** Behind every target group is a service. */
export const targetsAreServed: Check = (deployment) => {
  const served = resourcesOf(deployment, 'AWS::ECS::Service').flatMap(({ properties }) =>
    listAt(properties, 'LoadBalancers').map((attachment) => textAt(attachment, 'TargetGroupArn')),
  );
  return resourcesOf(deployment, 'AWS::ElasticLoadBalancingV2::TargetGroup')
    .filter(({ ref = '' }) => !served.includes(ref))
    .map((target) => finding(target, 'no service is behind it'));
};

/** Somebody may reach each listener. */
export const listenersAreReached: Check = (deployment) => {
  const groups = new SecurityGroups(deployment);
  return listeningOf(deployment).flatMap(({ listener, balancer, port }) => {
    if (balancer === undefined) return [finding(listener, 'is of a load balancer that is not there')];
    if (groupsOf(balancer).length === 0 || groups.admitsAddresses(groupsOf(balancer), port)) return [];
    return [finding(listener, `no security group of ${balancer.id} admits an address to port ${port}`)];
  });
};

/** Tasks reach what their variables name: the database, file systems, each other, and load balancers of the install. */
export const tasksReachWhatTheyName: Check = (deployment) => {
  const groups = new SecurityGroups(deployment);
  const named = [...databases(deployment), ...balancers(deployment), ...discovered(deployment)];
  const mounts = resourcesOf(deployment, 'AWS::EFS::MountTarget');
  // A host of such a name is somebody of the install, or nobody.
  const ours = [
    ...['.elb.amazonaws.com', '.rds.amazonaws.com'],
    ...resourcesOf(deployment, 'AWS::ServiceDiscovery::PrivateDnsNamespace').map(
      ({ properties }) => `.${textAt(properties, 'Name')}`,
    ),
  ];
  return runsOf(deployment).flatMap((run) => [
    ...endpointsOf(run).flatMap(({ variable, host, port }) => {
      const place = named.find((each) => each.host === host);
      if (place === undefined) {
        return ours.some((end) => host.endsWith(end))
          ? [finding(run.definition, `${variable}: nobody is ${host}`)]
          : [];
      }
      const fault = place.fault(port, run, groups);
      return fault === undefined ? [] : [finding(run.definition, `${variable} (${host}:${port}): ${fault}`)];
    }),
    ...listAt(run.definition.properties, 'Volumes').flatMap((volume) => {
      const fileSystem = textAt(volume, 'EFSVolumeConfiguration', 'FilesystemId');
      const own = mounts.filter(({ properties }) => textAt(properties, 'FileSystemId') === fileSystem);
      const closed = own.filter(
        ({ properties }) => !groups.admits(textsAt(properties, 'SecurityGroups'), 2049, run.securityGroups),
      );
      const mounted = own.map(({ properties }) => textAt(properties, 'SubnetId'));
      // ECS asks in the zone that a task is in.
      const far = fileSystem === '' ? [] : run.subnets.filter((subnet) => !mounted.includes(subnet));
      return [
        ...closed.map((mount) => finding(mount, `does not admit ${run.runner.id} to 2049`)),
        ...far.map((subnet) => finding(run.definition, `${fileSystem} has no mount target in ${subnet}`)),
      ];
    }),
  ]);
};

/** Something that answers at a host, and why a task cannot reach it there on a port. */
interface Place {
  readonly host: string;
  fault(port: number, run: Run, groups: SecurityGroups): string | undefined;
}

function databases(deployment: Deployment): Place[] {
  return resourcesOf(deployment, 'AWS::RDS::DBInstance').map(({ attributes, properties }) => ({
    host: attributes['Endpoint.Address'],
    fault: (port, run, groups) =>
      groups.admits(textsAt(properties, 'VPCSecurityGroups'), port, run.securityGroups)
        ? undefined
        : 'the database does not admit it',
  }));
}

function balancers(deployment: Deployment): Place[] {
  const listening = listeningOf(deployment);
  return resourcesOf(deployment, 'AWS::ElasticLoadBalancingV2::LoadBalancer').map((balancer) => ({
    host: balancer.attributes.DNSName,
    fault: (port, run, groups) => {
      if (!listening.some((each) => each.balancer?.ref === balancer.ref && each.port === port)) {
        return `${balancer.id} does not listen there`;
      }
      // Through the NAT gateway a task has a public address that no rule of ours knows.
      if (textAt(balancer.properties, 'Scheme') === 'internet-facing') {
        return `${balancer.id} is internet-facing: tasks come to it with the address of a NAT gateway`;
      }
      const own = groupsOf(balancer);
      return own.length === 0 || groups.admits(own, port, run.securityGroups)
        ? undefined
        : `${balancer.id} does not admit it`;
    },
  }));
}

function discovered(deployment: Deployment): Place[] {
  const namespaces = new Map(
    resourcesOf(deployment, 'AWS::ServiceDiscovery::PrivateDnsNamespace').map((resource) => [
      resource.ref,
      textAt(resource.properties, 'Name'),
    ]),
  );
  const runs = runsOf(deployment);
  return resourcesOf(deployment, 'AWS::ServiceDiscovery::Service').map((service) => ({
    host: `${textAt(service.properties, 'Name')}.${namespaceOf(service, namespaces)}`,
    fault: (port, run, groups) => {
      const behind = runs.filter((each) => isRegistered(each, service));
      // Lakerunner's image finds its workers by asking ECS.
      if (run.containers.some(({ image }) => image.includes('cardinalhq.io/lakerunner'))) return undefined;
      if (behind.length === 0) return `no service registers with ${service.id}`;
      if (!behind.every(({ containers }) => containers.some(({ ports }) => ports.includes(port)))) {
        return `${behind[0].runner.id} has no port mapping to it`;
      }
      const closed = behind.find(
        ({ securityGroups }) => !groups.admits(securityGroups, port, run.securityGroups),
      );
      return closed === undefined ? undefined : `${closed.runner.id} does not admit it`;
    },
  }));
}

function namespaceOf({ properties }: Placed, namespaces: ReadonlyMap<string | undefined, string>): string {
  const id = textAt(properties, 'NamespaceId') || textAt(properties, 'DnsConfig', 'NamespaceId');
  return namespaces.get(id) ?? '';
}

function isRegistered({ runner }: Run, service: Placed): boolean {
  return listAt(runner.properties, 'ServiceRegistries').some(
    (registry) => textAt(registry, 'RegistryArn') === service.attributes.Arn,
  );
}

/** Variables whose addresses are for others than the task. */
const FOR_OTHERS = { GF_SERVER_ROOT_URL: 'the address that browsers know' };

/** Hosts and ports in the environment of a run's containers, database variables among them. */
function endpointsOf({ containers }: Run): { variable: string; host: string; port: number }[] {
  return containers.flatMap(({ environment }) =>
    [...environment].flatMap(([variable, value]) => {
      if (variable in FOR_OTHERS) return [];
      const prefix = variable.match(/^(\w+)_HOST$/)?.[1] ?? (variable === 'PGHOST' ? 'PG' : undefined);
      if (prefix !== undefined && !value.includes(':')) {
        const port = environment.get(prefix === 'PG' ? 'PGPORT' : `${prefix}_PORT`);
        return [{ variable, host: value, port: Number(port ?? 5432) }];
      }
      return [...value.matchAll(/([A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z0-9.-]*[A-Za-z0-9]):(\d{2,5})\b/g)].map(
        ([, host, port]) => ({
          variable,
          host,
          port: Number(port),
        }),
      );
    }),
  );
}
