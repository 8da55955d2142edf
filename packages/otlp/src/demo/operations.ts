import { type AttributeValue, keyValues } from './encode.ts';
import { SCOPE, type Scope, SERVICES, type ServiceName } from './shop.ts';

export const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

/** One span of an operation, as it always is; what varies from trace to trace is added when it runs. */
export interface SpanTemplate {
  readonly service: number;
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly kind: (typeof KIND)[keyof typeof KIND];
  readonly scope: Scope;
  readonly attributes: readonly Uint8Array[];
  /** Typical time spent in the span itself, outside its children, µs. */
  readonly ownMicros: number;
  readonly children: readonly SpanTemplate[];
  /** Children start together instead of one after the other. */
  readonly parallel: boolean;
  /** Most times that the span happens in its parent; at least once. */
  readonly repeat: number;
  /** The exception of a span at which things go wrong. */
  readonly failure: Failure | undefined;
  /** Names of log templates that the code in this span writes. */
  readonly logs: readonly string[];
  /** Whether the span ends with an HTTP status code. */
  readonly http: boolean;
}

export interface Failure {
  readonly type: string;
  readonly message: string;
}

interface Extra {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly children?: readonly SpanTemplate[];
  readonly parallel?: boolean;
  readonly repeat?: number;
  readonly failure?: Failure;
  readonly logs?: readonly string[];
}

function span(
  service: ServiceName,
  name: string,
  kind: SpanTemplate['kind'],
  scope: Scope,
  ownMs: number,
  extra: Extra & { http?: boolean },
): SpanTemplate {
  return {
    service: SERVICES.indexOf(service),
    name,
    nameBytes: new TextEncoder().encode(name),
    kind,
    scope,
    attributes: keyValues(extra.attributes ?? {}),
    ownMicros: ownMs * 1000,
    children: extra.children ?? [],
    parallel: extra.parallel ?? false,
    repeat: extra.repeat ?? 1,
    failure: extra.failure,
    logs: extra.logs ?? [],
    http: extra.http ?? false,
  };
}

function serve(
  service: ServiceName,
  method: string,
  route: string,
  ownMs: number,
  extra: Extra,
): SpanTemplate {
  const attributes = {
    'http.request.method': method,
    'http.route': route,
    'url.scheme': 'http',
    'server.port': 8080,
    ...extra.attributes,
  };
  return span(service, `${method} ${route}`, KIND.server, SCOPE.http, ownMs, {
    ...extra,
    attributes,
    http: true,
  });
}

/** A client span around the server span that answers it. */
function call(from: ServiceName, target: SpanTemplate, logs: readonly string[] = []): SpanTemplate {
  const [method] = target.name.split(' ');
  const attributes = {
    'http.request.method': method,
    'server.address': SERVICES[target.service],
    'server.port': 8080,
  };
  return span(from, method, KIND.client, SCOPE.http, 0.4, {
    attributes,
    children: [target],
    logs,
    http: true,
  });
}

function database(
  service: ServiceName,
  system: string,
  operation: string,
  table: string,
  ownMs: number,
  extra: Extra = {},
) {
  const attributes = {
    'db.system.name': system,
    'db.operation.name': operation,
    'db.collection.name': table,
    'db.namespace': service,
    ...extra.attributes,
  };
  return span(service, `${operation} ${table}`, KIND.client, SCOPE.database, ownMs, { ...extra, attributes });
}

const sql = (service: ServiceName, operation: string, table: string, ownMs: number, extra: Extra = {}) =>
  database(service, 'postgresql', operation, table, ownMs, extra);
const redis = (service: ServiceName, operation: string, ownMs: number, extra: Extra = {}) =>
  database(service, 'redis', operation, 'cart', ownMs, extra);

const poolTimeout: Failure = {
  type: 'ConnectionPoolTimeout',
  message: 'no connection became free within 2000 ms',
};
const declined: Failure = { type: 'CardDeclined', message: 'the issuer declined the charge' };
const carrierDown: Failure = { type: 'CarrierUnavailable', message: 'the carrier answered 503 three times' };

const listProducts = serve('catalog', 'GET', '/products', 2, {
  children: [sql('catalog', 'SELECT', 'products', 4, { failure: poolTimeout, logs: ['catalog.query'] })],
  logs: ['catalog.listed'],
});
const getProduct = serve('catalog', 'GET', '/products/{id}', 1, {
  children: [sql('catalog', 'SELECT', 'products', 2, { failure: poolTimeout })],
  logs: ['catalog.product'],
});
const recommend = serve('recommendation', 'GET', '/recommendations', 9, {
  children: [
    span('recommendation', 'rank candidates', KIND.internal, SCOPE.application, 6, {
      attributes: { 'ranking.model': 'als-v7', 'ranking.candidates': 200 },
      logs: ['recommendation.ranked'],
    }),
    call('recommendation', listProducts),
  ],
  logs: ['recommendation.served'],
});
const readCart = serve('cart', 'GET', '/carts/{id}', 1, {
  children: [redis('cart', 'HGETALL', 0.6)],
  logs: ['cart.read'],
});
const addToCart = serve('cart', 'POST', '/carts/{id}/items', 1, {
  children: [redis('cart', 'HSET', 0.7, { failure: poolTimeout }), redis('cart', 'EXPIRE', 0.4)],
  logs: ['cart.added', 'cart.size'],
});
const charge = serve('payment', 'POST', '/charges', 3, {
  children: [
    span('payment', 'POST', KIND.client, SCOPE.http, 85, {
      attributes: {
        'http.request.method': 'POST',
        'server.address': 'api.acquirer.example',
        'server.port': 443,
      },
      failure: declined,
      logs: ['payment.acquirer'],
      http: true,
    }),
    sql('payment', 'INSERT', 'charges', 3, { logs: ['payment.stored'] }),
  ],
  logs: ['payment.charged'],
});
const ship = serve('shipping', 'POST', '/shipments', 2, {
  children: [
    sql('shipping', 'INSERT', 'shipments', 3),
    span('shipping', 'quote carrier', KIND.internal, SCOPE.application, 12, {
      attributes: { 'shipping.carrier': 'parcel-express' },
      failure: carrierDown,
      logs: ['shipping.quoted'],
    }),
  ],
  logs: ['shipping.created'],
});
const announceOrder = span('checkout', 'send orders', KIND.producer, SCOPE.messaging, 1, {
  attributes: {
    'messaging.system': 'kafka',
    'messaging.destination.name': 'orders',
    'messaging.operation.type': 'send',
  },
  logs: ['checkout.announced'],
});
const placeOrder = serve('checkout', 'POST', '/checkout', 4, {
  children: [
    call('checkout', readCart),
    call('checkout', charge, ['checkout.charging']),
    call('checkout', ship),
    sql('checkout', 'INSERT', 'orders', 4, { failure: poolTimeout }),
    announceOrder,
  ],
  logs: ['checkout.started', 'checkout.placed'],
});
const sendMail = span('email', 'process orders', KIND.consumer, SCOPE.messaging, 5, {
  attributes: {
    'messaging.system': 'kafka',
    'messaging.destination.name': 'orders',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': 'email',
  },
  children: [
    span('email', 'render template', KIND.internal, SCOPE.application, 7, {
      attributes: { 'email.template': 'order-confirmation' },
      logs: ['email.rendered'],
    }),
    span('email', 'smtp send', KIND.client, SCOPE.application, 40, {
      attributes: { 'server.address': 'smtp.relay.example', 'server.port': 587 },
      failure: { type: 'SmtpTemporaryFailure', message: '451 try again later' },
      logs: ['email.sent'],
    }),
  ],
  logs: ['email.received'],
});
const trackParcels = span('shipping', 'poll carrier', KIND.internal, SCOPE.application, 5, {
  attributes: { 'shipping.carrier': 'parcel-express' },
  children: [
    sql('shipping', 'SELECT', 'shipments', 5),
    sql('shipping', 'UPDATE', 'shipments', 2, { repeat: 3, logs: ['shipping.progress'] }),
  ],
  logs: ['shipping.polled'],
});

const page = (method: string, route: string, ownMs: number, extra: Extra) =>
  serve('frontend', method, route, ownMs, { ...extra, logs: ['frontend.request', ...(extra.logs ?? [])] });

/** What happens in the shop, with how often of 100 traces. */
export const JOURNEYS: readonly { readonly weight: number; readonly root: SpanTemplate }[] = [
  {
    weight: 28,
    root: page('GET', '/', 6, {
      children: [call('frontend', listProducts), call('frontend', recommend)],
      parallel: true,
    }),
  },
  {
    weight: 26,
    root: page('GET', '/product/{id}', 5, {
      children: [call('frontend', getProduct), call('frontend', recommend)],
      logs: ['frontend.rendered'],
    }),
  },
  {
    weight: 16,
    root: page('POST', '/cart', 3, { children: [call('frontend', getProduct), call('frontend', addToCart)] }),
  },
  { weight: 12, root: page('GET', '/cart', 4, { children: [call('frontend', readCart)] }) },
  {
    weight: 8,
    root: page('POST', '/checkout', 5, {
      children: [call('frontend', placeOrder)],
      logs: ['frontend.order'],
    }),
  },
  { weight: 6, root: sendMail },
  { weight: 4, root: trackParcels },
];

/** The span whose message `sendMail` handles, and the one that handles it: the pair that a link joins. */
export const PRODUCER = announceOrder;
export const CONSUMER = sendMail;
