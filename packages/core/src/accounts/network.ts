/** What an endpoint's host name belongs to. */
export interface DatabaseFacts {
  readonly kind: 'instance' | 'cluster' | 'proxy';
  readonly id: string;
  /** Whether it takes writes: a reader's endpoint does not. */
  readonly writable: boolean;
  /** `postgres`, `aurora-postgresql` */
  readonly engine: string;
  readonly version: string;
  readonly status: string;
  readonly port: number;
  readonly vpcId: string | undefined;
  readonly securityGroupIds: readonly string[];
  readonly publiclyAccessible: boolean;
  readonly encrypted: boolean;
  /** The database made with it; others may be there. */
  readonly databaseName: string | undefined;
}

export interface SubnetFacts {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidr: string;
  readonly freeAddresses: number;
}

export interface RouteTableFacts {
  readonly id: string;
  readonly main: boolean;
  readonly subnetIds: readonly string[];
  readonly routes: readonly RouteFacts[];
}

export interface RouteFacts {
  /** A CIDR block, or the id of a prefix list. */
  readonly destination: string;
  /** Id of a gateway, interface or connection: `nat-...`, `igw-...`, `tgw-...`, `local`. */
  readonly target: string;
  readonly active: boolean;
}

export interface EndpointFacts {
  readonly id: string;
  /** `com.amazonaws.eu-west-1.s3` */
  readonly service: string;
  readonly type: string;
  readonly available: boolean;
  readonly privateDns: boolean;
  readonly routeTableIds: readonly string[];
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

export interface SecurityGroupFacts {
  readonly id: string;
  readonly vpcId: string;
  readonly ingress: readonly PortRule[];
  readonly egress: readonly PortRule[];
}

export interface PortRule {
  /** `tcp`, `udp`, a number, or `-1` for everything. */
  readonly protocol: string;
  /** Undefined: all ports. */
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  readonly cidrs: readonly string[];
  readonly groupIds: readonly string[];
  readonly prefixListIds: readonly string[];
}

export interface ClusterFacts {
  readonly arn: string;
  readonly status: string;
  readonly capacityProviders: readonly string[];
}
