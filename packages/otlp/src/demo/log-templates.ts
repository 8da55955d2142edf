import { type AttributeValue, keyValues } from './encode.ts';
import { SERVICES, type ServiceName } from './shop.ts';

export const SEVERITIES = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A variable part of a message: what stands between braces. */
export type Slot =
  | 'ms'
  | 'count'
  | 'product'
  | 'user'
  | 'order'
  | 'amount'
  | 'percent'
  | 'partition'
  | 'fault';

export interface LogTemplate {
  readonly service: number;
  readonly severity: Severity;
  /** The message's constant parts; slot i stands after part i. */
  readonly parts: readonly string[];
  readonly slots: readonly Slot[];
  /** Constant attributes. */
  readonly attributes: readonly Uint8Array[];
  /** Attributes that carry the trace's user or product. */
  readonly withUser: boolean;
  readonly withProduct: boolean;
}

function template(
  service: ServiceName,
  severity: Severity,
  text: string,
  code: string,
  extra: Readonly<Record<string, AttributeValue>> = {},
  about: 'user' | 'product' | 'nothing' = 'nothing',
): LogTemplate {
  const pieces = text.split(/\{(\w+)\}/);
  const [file, method] = code.split('#');
  return {
    service: SERVICES.indexOf(service),
    severity,
    parts: pieces.filter((_, i) => i % 2 === 0),
    slots: pieces.filter((_, i) => i % 2 === 1) as Slot[],
    attributes: keyValues({
      'log.logger': `shop.${service}`,
      'code.file.path': file,
      'code.function.name': method,
      ...extra,
    }),
    withUser: about === 'user',
    withProduct: about === 'product',
  };
}

/** What code writes while it works on a request, by the names that the operations use. */
export const REQUEST_LOGS: Readonly<Record<string, LogTemplate>> = {
  'frontend.request': template(
    'frontend',
    'INFO',
    'request completed in {ms} ms',
    'server/access.js#logAccess',
    { 'log.kind': 'access' },
    'user',
  ),
  'frontend.rendered': template(
    'frontend',
    'DEBUG',
    'rendered product page with {count} recommendations',
    'pages/product.js#render',
    {},
    'product',
  ),
  'frontend.order': template(
    'frontend',
    'INFO',
    'order {order} confirmed to the browser',
    'pages/checkout.js#confirm',
    {},
    'user',
  ),
  'cart.read': template(
    'cart',
    'INFO',
    'cart loaded with {count} items',
    'cart/store.go#Load',
    { 'cart.store': 'redis' },
    'user',
  ),
  'cart.added': template(
    'cart',
    'INFO',
    'item {product} added to cart, quantity {count}',
    'cart/service.go#AddItem',
    { 'cart.store': 'redis' },
    'product',
  ),
  'cart.size': template('cart', 'DEBUG', 'cart now holds {count} items', 'cart/service.go#AddItem', {
    'cart.store': 'redis',
  }),
  'checkout.started': template(
    'checkout',
    'INFO',
    'checkout started for user {user}',
    'checkout/service.go#PlaceOrder',
    {},
    'user',
  ),
  'checkout.charging': template('checkout', 'INFO', 'charging {amount} EUR', 'checkout/payment.go#Charge', {
    'payment.currency': 'EUR',
  }),
  'checkout.placed': template(
    'checkout',
    'INFO',
    'order {order} placed in {ms} ms',
    'checkout/service.go#PlaceOrder',
    { 'shop.order.channel': 'web' },
    'user',
  ),
  'checkout.announced': template(
    'checkout',
    'INFO',
    'order announced on partition {partition}',
    'checkout/events.go#Publish',
    { 'messaging.destination.name': 'orders' },
  ),
  'payment.acquirer': template(
    'payment',
    'INFO',
    'acquirer answered in {ms} ms',
    'AcquirerClient.java#authorize',
    { 'payment.acquirer': 'acquirer-eu' },
  ),
  'payment.stored': template(
    'payment',
    'DEBUG',
    'charge stored after {ms} ms',
    'ChargeRepository.java#save',
    { 'db.collection.name': 'charges' },
  ),
  'payment.charged': template('payment', 'INFO', 'card charged {amount} EUR', 'ChargeService.java#charge', {
    'payment.currency': 'EUR',
    'payment.method': 'card',
  }),
  'catalog.query': template(
    'catalog',
    'DEBUG',
    'query took {ms} ms and returned {count} rows',
    'catalog/store.go#Query',
    { 'db.collection.name': 'products' },
  ),
  'catalog.listed': template('catalog', 'INFO', 'listed {count} products', 'catalog/handler.go#List', {
    'http.route': '/products',
  }),
  'catalog.product': template(
    'catalog',
    'INFO',
    'product {product} served',
    'catalog/handler.go#Get',
    { 'http.route': '/products/{id}' },
    'product',
  ),
  'recommendation.ranked': template(
    'recommendation',
    'INFO',
    'ranked 200 candidates in {ms} ms',
    'ranking.py#rank',
    { 'ranking.model': 'als-v7' },
  ),
  'recommendation.served': template(
    'recommendation',
    'INFO',
    'served {count} recommendations',
    'server.py#recommend',
    { 'ranking.model': 'als-v7' },
    'user',
  ),
  'shipping.quoted': template('shipping', 'INFO', 'carrier quoted {amount} EUR', 'CarrierClient.java#quote', {
    'shipping.carrier': 'parcel-express',
  }),
  'shipping.created': template(
    'shipping',
    'INFO',
    'shipment created for order {order}',
    'ShipmentService.java#create',
    { 'shipping.carrier': 'parcel-express' },
  ),
  'shipping.progress': template(
    'shipping',
    'DEBUG',
    'shipment moved, {count} events',
    'Tracker.java#update',
    { 'shipping.carrier': 'parcel-express' },
  ),
  'shipping.polled': template(
    'shipping',
    'INFO',
    'polled {count} shipments in {ms} ms',
    'Tracker.java#poll',
    { 'shipping.carrier': 'parcel-express' },
  ),
  'email.received': template(
    'email',
    'INFO',
    'order event received from partition {partition}',
    'consumer.py#handle',
    { 'messaging.destination.name': 'orders' },
  ),
  'email.rendered': template('email', 'DEBUG', 'template rendered in {ms} ms', 'render.py#render', {
    'email.template': 'order-confirmation',
  }),
  'email.sent': template(
    'email',
    'INFO',
    'confirmation sent in {ms} ms',
    'smtp.py#send',
    { 'email.template': 'order-confirmation' },
    'user',
  ),
};

const work = (service: ServiceName, code: string, ...texts: readonly string[]) =>
  texts.map((text) => template(service, 'INFO', text, code, { 'log.kind': 'progress' }));

/** What any code that serves a request may write on its way, by service number. */
export const PROGRESS_LOGS: readonly (readonly LogTemplate[])[] = [
  work(
    'frontend',
    'server/app.js#handle',
    'session of {user} resumed',
    'feature flags loaded',
    'response cached for {count} s',
  ),
  work('cart', 'cart/service.go#Handle', 'session of {user} found', 'price of {product} checked'),
  work(
    'checkout',
    'checkout/service.go#Step',
    'address validated',
    'totals computed: {amount} EUR',
    'stock reserved for {count} items',
  ),
  work('payment', 'ChargeService.java#step', 'risk score {percent} accepted', 'idempotency key recorded'),
  work(
    'catalog',
    'catalog/handler.go#Serve',
    'cache hit for {product}',
    'prices are in EUR',
    '{count} translations applied',
  ),
  work('recommendation', 'server.py#prepare', 'profile of {user} loaded', '{count} candidates filtered'),
  work('shipping', 'ShipmentService.java#step', 'warehouse {partition} chosen', 'parcel weighs {count} kg'),
  work('email', 'consumer.py#step', 'recipient preferences loaded', 'attachment of {count} kB added'),
];

/** What the span at which a fault happened leaves in the log, by service number. */
export const FAULT_LOGS: readonly LogTemplate[] = SERVICES.map((service) =>
  template(service, 'ERROR', 'operation failed: {fault}', 'errors#report', { 'log.kind': 'fault' }),
);

/** What a server span that had to pass on a fault leaves in the log, by service number. */
export const PASSED_ON_LOGS: readonly LogTemplate[] = SERVICES.map((service) =>
  template(service, 'WARN', 'answering 500 because an upstream call failed after {ms} ms', 'errors#answer', {
    'log.kind': 'fault',
  }),
);

/** What is written outside any request. */
export const BACKGROUND_LOGS: Readonly<Record<Severity, readonly LogTemplate[]>> = {
  DEBUG: [
    template('catalog', 'DEBUG', 'cache refreshed, {count} entries evicted', 'catalog/cache.go#refresh', {
      'cache.name': 'products',
    }),
    template('cart', 'DEBUG', 'connection pool has {count} idle connections', 'cart/redis.go#stats', {
      'pool.name': 'redis',
    }),
    template('payment', 'DEBUG', 'heartbeat to acquirer took {ms} ms', 'AcquirerClient.java#ping', {
      'payment.acquirer': 'acquirer-eu',
    }),
  ],
  INFO: [
    template('frontend', 'INFO', 'health check passed', 'server/health.js#check', {
      'http.route': '/healthz',
    }),
    template('cart', 'INFO', 'health check passed', 'cart/health.go#Check', { 'http.route': '/healthz' }),
    template('checkout', 'INFO', 'health check passed', 'checkout/health.go#Check', {
      'http.route': '/healthz',
    }),
    template('catalog', 'INFO', 'price list synchronised, {count} changes', 'catalog/sync.go#Run', {
      'job.name': 'price-sync',
    }),
    template('recommendation', 'INFO', 'model reloaded in {ms} ms', 'ranking.py#reload', {
      'ranking.model': 'als-v7',
    }),
    template('shipping', 'INFO', 'job finished in {ms} ms', 'Scheduler.java#run', {
      'job.name': 'label-print',
    }),
    template('payment', 'INFO', 'settlement batch holds {count} charges', 'Settlement.java#collect', {
      'job.name': 'settlement',
    }),
    template(
      'email',
      'INFO',
      'consumer lag is {count} messages on partition {partition}',
      'consumer.py#report',
      { 'messaging.destination.name': 'orders' },
    ),
  ],
  WARN: [
    template('frontend', 'WARN', 'event loop was blocked for {ms} ms', 'server/monitor.js#tick', {
      'log.kind': 'runtime',
    }),
    template('payment', 'WARN', 'garbage collection paused for {ms} ms', 'GcMonitor.java#report', {
      'log.kind': 'runtime',
    }),
    template('cart', 'WARN', 'retrying redis command, attempt {count}', 'cart/redis.go#do', {
      'pool.name': 'redis',
    }),
    template('recommendation', 'WARN', 'memory use at {percent} % of its limit', 'server.py#watch', {
      'log.kind': 'runtime',
    }),
    template(
      'checkout',
      'WARN',
      'slow publish to partition {partition}: {ms} ms',
      'checkout/events.go#Publish',
      { 'messaging.destination.name': 'orders' },
    ),
  ],
  ERROR: [
    template('email', 'ERROR', 'relay refused connection, next attempt in {count} s', 'smtp.py#connect', {
      'exception.type': 'ConnectionRefusedError',
      'server.address': 'smtp.relay.example',
    }),
    template('shipping', 'ERROR', 'label printer did not answer within {ms} ms', 'Printer.java#print', {
      'exception.type': 'SocketTimeoutException',
      'job.name': 'label-print',
    }),
    template('catalog', 'ERROR', 'price list row {count} has no currency', 'catalog/sync.go#parse', {
      'exception.type': 'ParseError',
      'job.name': 'price-sync',
    }),
  ],
};
