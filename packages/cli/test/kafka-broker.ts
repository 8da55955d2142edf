import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type SaslServer, saslServer, type Users } from './kafka-sasl.ts';
import { KafkaReader, KafkaWriter } from './kafka-wire.ts';

/** Numbers of Kafka's protocol: of requests, and of errors. */
const API = {
  metadata: 3,
  saslHandshake: 17,
  apiVersions: 18,
  createTopics: 19,
  saslAuthenticate: 36,
} as const;
const ERROR = {
  none: 0,
  unsupportedMechanism: 33,
  unsupportedVersion: 35,
  noLeader: 5,
  topicExists: 36,
  saslFailed: 58,
} as const;

type Range = readonly [least: number, most: number];
type Versions = Readonly<Record<keyof typeof API, Range>>;

/** Which versions of the requests brokers know that an operator may have. */
export const RELEASES = {
  '1.0': {
    metadata: [0, 5],
    saslHandshake: [0, 1],
    apiVersions: [0, 1],
    createTopics: [0, 2],
    saslAuthenticate: [0, 0],
  },
  '3.9': {
    metadata: [0, 12],
    saslHandshake: [0, 1],
    apiVersions: [0, 4],
    createTopics: [0, 7],
    saslAuthenticate: [0, 2],
  },
  '4.0': {
    metadata: [0, 13],
    saslHandshake: [0, 1],
    apiVersions: [0, 4],
    createTopics: [2, 7],
    saslAuthenticate: [0, 2],
  },
} as const satisfies Record<string, Versions>;

export interface BrokerTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly options?: Readonly<Record<string, string>>;
  /** The user may not see it. */
  readonly hidden?: boolean;
  /** None of the brokers of its partitions is there. */
  readonly leaderless?: boolean;
}

export interface BrokerOptions {
  readonly release?: keyof typeof RELEASES;
  readonly topics?: readonly BrokerTopic[];
  /** Passwords by user, where authentication is needed. */
  readonly users?: Users;
  readonly mechanisms?: readonly string[];
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Kafka's numbers of errors by topics that are refused. */
  readonly refused?: Readonly<Record<string, number>>;
  /** Where it says that it is, if that is elsewhere. */
  readonly advertised?: { readonly host: string; readonly port: number };
}

/** In bytes; a broker's default for `socket.request.max.bytes`. */
const LONGEST = 100 * 1024 * 1024;

/** One broker that is a cluster by itself, and speaks as much of Kafka's protocol as makes topics. */
export class KafkaBroker {
  readonly topics: Map<string, BrokerTopic>;
  /** Names of topics that somebody asked for by name; a broker may make such a topic. */
  readonly askedFor: string[] = [];
  connections = 0;
  readonly #options: BrokerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: BrokerOptions) {
    this.#options = options;
    this.topics = new Map((options.topics ?? []).map((topic) => [topic.name, topic]));
    const serve = (socket: Socket) => this.#serve(socket);
    this.#server = options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve);
  }

  static async start(options: BrokerOptions = {}): Promise<KafkaBroker> {
    const broker = new KafkaBroker(options);
    broker.#server.listen(0, '127.0.0.1');
    await once(broker.#server, 'listening');
    return broker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    const client = new Client(this.#options, this.topics, this.askedFor, this.port);
    let unread: Buffer = Buffer.alloc(0);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      unread = Buffer.concat([unread, data]);
      // What is no request of Kafka's, such as the first bytes of TLS, looks like a very long one.
      if (unread.length >= 4 && unread.readUInt32BE() > LONGEST) return void socket.destroy();
      while (unread.length >= 4 && unread.length >= 4 + unread.readInt32BE()) {
        const size = unread.readInt32BE();
        const answer = client.answer(unread.subarray(4, 4 + size));
        unread = unread.subarray(4 + size);
        // A broker hangs up on whoever speaks out of turn.
        if (answer === undefined) return void socket.destroy();
        socket.write(new KafkaWriter().bytes(answer).toBuffer());
      }
    });
  }
}

/** What a broker knows of one connection. */
class Client {
  readonly #options: BrokerOptions;
  readonly #topics: Map<string, BrokerTopic>;
  readonly #askedFor: string[];
  readonly #port: number;
  readonly #versions: Versions;
  #sasl: SaslServer | undefined;
  #known: boolean;

  constructor(options: BrokerOptions, topics: Map<string, BrokerTopic>, askedFor: string[], port: number) {
    this.#options = options;
    this.#topics = topics;
    this.#askedFor = askedFor;
    this.#port = port;
    this.#versions = RELEASES[options.release ?? '3.9'];
    this.#known = options.users === undefined;
  }

  /** The answer to one request; undefined ends the connection. */
  answer(request: Buffer): Buffer | undefined {
    const reader = new KafkaReader(request);
    const [api, version, correlation] = [reader.int16(), reader.int16(), reader.int32()];
    reader.string();
    const name = (Object.keys(API) as (keyof typeof API)[]).find((key) => API[key] === api);
    if (name === undefined) return undefined;
    const writer = new KafkaWriter().int32(correlation);
    const [least, most] = this.#versions[name];
    if (name === 'apiVersions')
      return this.#apiVersions(writer, version > most ? 0 : version, version > most);
    if (version < least || version > most) return undefined;
    if (name === 'saslHandshake') return this.#handshake(reader, writer);
    if (name === 'saslAuthenticate') return this.#authenticate(reader, writer, version);
    if (!this.#known) return undefined;
    return name === 'metadata'
      ? this.#metadata(reader, writer, version)
      : this.#createTopics(reader, writer, version);
  }

  #apiVersions(writer: KafkaWriter, version: number, unsupported: boolean): Buffer {
    writer.int16(unsupported ? ERROR.unsupportedVersion : ERROR.none);
    writer.array(Object.entries(this.#versions), ([name, [least, most]]) =>
      writer
        .int16(API[name as keyof typeof API])
        .int16(least)
        .int16(most),
    );
    if (version >= 1) writer.int32(0);
    return writer.toBuffer();
  }

  #handshake(reader: KafkaReader, writer: KafkaWriter): Buffer {
    const mechanism = reader.string() ?? '';
    const mechanisms = this.#options.mechanisms ?? ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
    const known = mechanisms.includes(mechanism);
    this.#sasl = known ? saslServer(mechanism, this.#options.users ?? {}) : undefined;
    writer.int16(known ? ERROR.none : ERROR.unsupportedMechanism);
    return writer.array(mechanisms, (name) => writer.string(name)).toBuffer();
  }

  #authenticate(reader: KafkaReader, writer: KafkaWriter, version: number): Buffer | undefined {
    const step = this.#sasl?.(reader.bytes());
    this.#known ||= step?.done === true;
    if (step === undefined)
      writer.int16(ERROR.saslFailed).string('Authentication failed').bytes(Buffer.alloc(0));
    else writer.int16(ERROR.none).string(null).bytes(step.answer);
    if (version >= 1) writer.int64(0n);
    return writer.toBuffer();
  }

  #metadata(reader: KafkaReader, writer: KafkaWriter, version: number): Buffer | undefined {
    if (version < 5 || version > 6) return undefined;
    const names = reader.array(() => reader.string() ?? '');
    this.#askedFor.push(...(names ?? []));
    const { host, port } = this.#options.advertised ?? { host: '127.0.0.1', port: this.#port };
    const seen = [...this.#topics.values()].filter(
      ({ name, hidden }) => !hidden && (names?.includes(name) ?? true),
    );
    writer.int32(0);
    writer.array([1], (id) => writer.int32(id).string(host).int32(port).string(null));
    writer.string('cluster').int32(1);
    writer.array(seen, ({ name, partitions, replicas, leaderless }) => {
      writer.int16(ERROR.none).string(name).int8(0);
      writer.array([...Array(partitions).keys()], (partition) => {
        const brokers = [...Array(replicas).keys()].map((broker) => broker + 1);
        writer
          .int16(leaderless ? ERROR.noLeader : ERROR.none)
          .int32(partition)
          .int32(leaderless ? -1 : 1);
        for (const list of [brokers, brokers, []]) writer.array(list, (broker) => writer.int32(broker));
      });
    });
    return writer.toBuffer();
  }

  #createTopics(reader: KafkaReader, writer: KafkaWriter, version: number): Buffer | undefined {
    if (version < 2 || version > 3) return undefined;
    const wanted = reader.array(() => topicOf(reader)) ?? [];
    const results = wanted.map((topic): [string, number] => [topic.name, this.#create(topic)]);
    writer.int32(0);
    return writer.array(results, ([name, error]) => writer.string(name).int16(error).string(null)).toBuffer();
  }

  #create(topic: BrokerTopic): number {
    const refused = this.#options.refused?.[topic.name];
    if (refused !== undefined) return refused;
    if (this.#topics.has(topic.name)) return ERROR.topicExists;
    this.#topics.set(topic.name, topic);
    return ERROR.none;
  }
}

function topicOf(reader: KafkaReader): BrokerTopic {
  const [name, partitions, replicas] = [reader.string() ?? '', reader.int32(), reader.int16()];
  reader.array(() => [reader.int32(), reader.array(() => reader.int32())]);
  const options = reader.array(() => [reader.string() ?? '', reader.string() ?? '']) ?? [];
  return { name, partitions, replicas, options: Object.fromEntries(options) };
}
