import { CfnPrivateDnsNamespace, CfnService } from 'aws-cdk-lib/aws-servicediscovery';
import { Aws, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

const DOMAIN = 'lakewright.internal';
const STACK_UUID = Fn.select(2, Fn.split('/', Aws.STACK_ID));

/** Seconds for which an address may be remembered that is not there any more. */
const TTL_SECONDS = 10;

/**
 * Names in the VPC for the tasks of a stack: `NAME.ID.lakewright.internal`, where ID is the stack's own, since two
 * installs in one VPC may not share a name and a stack's name may be longer than DNS takes.
 */
export class Discovery extends Construct {
  readonly #namespace: CfnPrivateDnsNamespace;

  constructor(scope: Construct, vpcId: string) {
    super(scope, 'Discovery');
    this.#namespace = new CfnPrivateDnsNamespace(this, 'Namespace', {
      name: Fn.join('.', [STACK_UUID, DOMAIN]),
      vpc: vpcId,
    });
  }

  /** Registers the addresses of tasks under `name`; eight of them are told at a time. */
  service(id: string, name: string): CfnService {
    return new CfnService(this, id, {
      name,
      namespaceId: this.#namespace.attrId,
      // ECS says of each address whether its container is healthy.
      healthCheckCustomConfig: { failureThreshold: 1 },
      dnsConfig: { dnsRecords: [{ type: 'A', ttl: TTL_SECONDS }], routingPolicy: 'MULTIVALUE' },
    });
  }
}

/** Where the service called `name` answers inside the VPC: the host and `port`, and `scheme` before them. */
export function addressOf(name: string, port: number, scheme = ''): string {
  return Fn.sub(`${scheme}${name}.\${Id}.${DOMAIN}:${port}`, { Id: STACK_UUID });
}
