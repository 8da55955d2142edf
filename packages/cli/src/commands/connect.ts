import { type Command, Option } from 'commander';
import { httpUrl } from '../arguments.ts';
import { type CommandContext, globalOptions } from '../context.ts';

interface ConnectOptions {
  endpoint: string;
  key: boolean;
}

const DEFAULT_ENDPOINT = 'http://127.0.0.1:4318';
const KEY_VARIABLE = 'LAKEWRIGHT_API_KEY';

/** `connect <client>`: prints that client's configuration; the key is a reference, never the key itself. */
export function addConnect(program: Command, context: CommandContext): void {
  const { terminal, env } = context;
  const connect = program.command('connect').description('print the configuration that sends telemetry here');
  const target = (name: string, description: string): Command =>
    connect
      .command(name)
      .description(description)
      .addOption(
        new Option('--endpoint <url>', 'OTLP/HTTP address of the lake')
          .env('LAKEWRIGHT_OTLP_ENDPOINT')
          .default(DEFAULT_ENDPOINT)
          .argParser(httpUrl),
      )
      .option(
        '--key',
        `send the API key that ${KEY_VARIABLE} holds; default when it is set`,
        Boolean(env[KEY_VARIABLE]),
      )
      .option('--no-key', 'send no API key');

  target('otel-collector', 'YAML for an OpenTelemetry Collector').action((options: ConnectOptions) =>
    terminal.out(collectorYaml(options)),
  );
  target('claude-code', 'settings for Claude Code')
    .addOption(
      new Option('--format <format>', 'shell commands or settings.json')
        .choices(['shell', 'json'])
        .default('shell'),
    )
    .action((options: ConnectOptions & { format: 'shell' | 'json' }, command: Command) => {
      if (options.format === 'shell' && !globalOptions(command).json) terminal.out(claudeShell(options));
      else {
        terminal.out(`${JSON.stringify({ env: claudeEnvironment(options.endpoint) }, null, 2)}\n`);
        if (options.key)
          terminal.err(
            `settings.json cannot refer to variables; before starting claude:\n  ${HEADERS_EXPORT}\n`,
          );
      }
    });
  target('codex', 'TOML for ~/.codex/config.toml').action((options: ConnectOptions) =>
    terminal.out(codexToml(options)),
  );
}

/** The OpenTelemetry SDKs' variable for headers; values are percent-encoded as in W3C Baggage. */
const HEADERS_EXPORT = `export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20$${KEY_VARIABLE}"`;

function collectorYaml({ endpoint, key }: ConnectOptions): string {
  const headers = key ? ['    headers:', `      authorization: "Bearer \${env:${KEY_VARIABLE}}"`] : [];
  return [
    '# OpenTelemetry Collector: receives OTLP on 14317 (gRPC) and 14318 (HTTP) and sends it to Lakewright.',
    'receivers:',
    '  otlp:',
    '    protocols:',
    '      grpc:',
    '        endpoint: 127.0.0.1:14317',
    '      http:',
    '        endpoint: 127.0.0.1:14318',
    'processors:',
    '  batch: {}',
    'exporters:',
    '  otlphttp/lakewright:',
    `    endpoint: ${JSON.stringify(endpoint)}`,
    '    compression: zstd',
    ...headers,
    'service:',
    '  pipelines:',
    ...['logs', 'traces', 'metrics'].flatMap((signal) => [
      `    ${signal}:`,
      '      receivers: [otlp]',
      '      processors: [batch]',
      '      exporters: [otlphttp/lakewright]',
    ]),
    '',
  ].join('\n');
}

/** The variables of https://code.claude.com/docs/en/monitoring-usage. */
function claudeEnvironment(endpoint: string): Record<string, string> {
  return {
    CLAUDE_CODE_ENABLE_TELEMETRY: '1',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  };
}

function claudeShell({ endpoint, key }: ConnectOptions): string {
  const lines = Object.entries(claudeEnvironment(endpoint)).map(
    ([name, value]) => `export ${name}=${shellQuoted(value)}`,
  );
  return `${[...lines, ...(key ? [HEADERS_EXPORT] : [])].join('\n')}\n`;
}

/** Anything as one word of a POSIX shell. */
function shellQuoted(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The `[otel]` table of Codex. It sends header values as they stand, so the key goes by the environment. */
function codexToml({ endpoint, key }: ConnectOptions): string {
  const note = key ? ['# The key, before starting codex:', `#   ${HEADERS_EXPORT}`] : [];
  const exporter = (name: string, signal: string) => [
    '',
    `[otel.${name}.otlp-http]`,
    `endpoint = ${JSON.stringify(`${endpoint}/v1/${signal}`)}`,
    'protocol = "binary"',
  ];
  return [
    '# ~/.codex/config.toml',
    ...note,
    '[otel]',
    'environment = "dev"',
    'log_user_prompt = false',
    ...exporter('exporter', 'logs'),
    ...exporter('trace_exporter', 'traces'),
    ...exporter('metrics_exporter', 'metrics'),
    '',
  ].join('\n');
}
