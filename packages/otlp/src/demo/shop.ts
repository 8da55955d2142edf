import { type AttributeValue, resourceMessage, scopeMessage } from './encode.ts';

/** The shop's services, in the order in which a request may pass through them. */
export const SERVICES = [
  'frontend',
  'cart',
  'checkout',
  'payment',
  'catalog',
  'recommendation',
  'shipping',
  'email',
] as const;
export type ServiceName = (typeof SERVICES)[number];

export const INSTANCES_PER_SERVICE = 2;
export const INSTANCE_COUNT = SERVICES.length * INSTANCES_PER_SERVICE;

/** Number of an instance of a service among all instances. */
export function instanceOf(service: number, replica: number): number {
  return service * INSTANCES_PER_SERVICE + replica;
}

interface ServiceFacts {
  readonly language: 'nodejs' | 'go' | 'java' | 'python';
  readonly version: string;
  readonly replicaSet: string;
}

const FACTS: Readonly<Record<ServiceName, ServiceFacts>> = {
  frontend: { language: 'nodejs', version: '3.14.2', replicaSet: '6c9f7d5b84' },
  cart: { language: 'go', version: '1.8.0', replicaSet: '7d4b9c6f55' },
  checkout: { language: 'go', version: '2.3.1', replicaSet: '5f8d7b9c4d' },
  payment: { language: 'java', version: '4.0.7', replicaSet: '84bd5f6c79' },
  catalog: { language: 'go', version: '2.11.4', replicaSet: '69c8f4d7bb' },
  recommendation: { language: 'python', version: '0.9.3', replicaSet: '5b7f9d8c66' },
  shipping: { language: 'java', version: '1.2.9', replicaSet: '77c5d9b8f4' },
  email: { language: 'python', version: '1.0.12', replicaSet: '6f9b8d7c5c' },
};

const SDK_VERSIONS = { nodejs: '2.0.1', go: '1.35.0', java: '1.49.0', python: '1.32.1' } as const;

/** The resource attributes of one replica of a service. */
export function resourceAttributes(service: ServiceName, replica: number): Record<string, AttributeValue> {
  const facts = FACTS[service];
  const pod = `${service}-${facts.replicaSet}-${['k7x2m', 'q9d4t'][replica]}`;
  return {
    'service.name': service,
    'service.namespace': 'shop',
    'service.instance.id': pod,
    'service.version': facts.version,
    'deployment.environment.name': 'production',
    'host.name': `node-${1 + ((SERVICES.indexOf(service) + replica * 3) % 5)}`,
    'host.arch': 'amd64',
    'os.type': 'linux',
    'k8s.cluster.name': 'shop-eu-1',
    'k8s.namespace.name': 'shop',
    'k8s.deployment.name': service,
    'k8s.pod.name': pod,
    'cloud.provider': 'aws',
    'cloud.region': 'eu-central-1',
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': facts.language,
    'telemetry.sdk.version': SDK_VERSIONS[facts.language],
  };
}

/** Every instance's Resource message, by instance number. */
export const RESOURCES: readonly Uint8Array[] = SERVICES.flatMap((service) =>
  Array.from({ length: INSTANCES_PER_SERVICE }, (_, replica) =>
    resourceMessage(resourceAttributes(service, replica)),
  ),
);

/** What instrumented a record. */
export const SCOPE = { http: 0, database: 1, messaging: 2, application: 3, runtime: 4 } as const;
export type Scope = (typeof SCOPE)[keyof typeof SCOPE];

/** Every InstrumentationScope message, by the number in SCOPE. */
export const SCOPES: readonly Uint8Array[] = [
  scopeMessage('shop.instrumentation.http', '0.61.0'),
  scopeMessage('shop.instrumentation.database', '0.58.0'),
  scopeMessage('shop.instrumentation.messaging', '0.12.0'),
  scopeMessage('shop.application', '1.0.0'),
  scopeMessage('shop.instrumentation.runtime', '0.61.0'),
];
