import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import pkg from '../package.json' with { type: 'json' };
import { deadAddress, lakewright } from '../test/harness.ts';

describe('exit codes', () => {
  it.each([
    [['--version'], 0],
    [['--help'], 0],
    [['help', 'up'], 0],
    [[], 2],
    [['bogus'], 2],
    [['query', 'sql'], 2],
    [['query', 'sql', 'select 1', '--format', 'xml'], 2],
    [['query', 'sql', 'select 1', '--limit', '0'], 2],
    [['query', 'sql', 'select 1', '--start', 'yesterday'], 2],
    [['--url', 'ftp://x', 'services'], 2],
    [['--url', 'http://u:p@localhost', 'services'], 2],
    [['demo', '--rate', '-1'], 2],
    [['demo', '--duration', '10'], 2],
    [['demo', '--seed', '1.5'], 2],
    [['tail'], 2],
    [['tail', 'cart', 'metrics'], 2],
    [['dlq', 'show', 'x'], 2],
    [['dlq', 'replay'], 2],
    [['dlq', 'replay', '1', '--all'], 2],
    [['up', '--query-port', '70000'], 2],
    [['connect', 'fax'], 2],
    [['aws', 'deploy', 'riverrunner'], 2],
    [['aws', 'plan', 'lakerunner', '--vpc', 'mine'], 2],
    [['aws', 'plan', 'lakerunner', '--set', 'novalue'], 2],
    [['aws', 'plan', 'lakerunner', '--params', '/nowhere.json'], 2],
    [['aws', 'plan', 'lakerunner', '--with', 'common'], 2],
    [['aws', 'plan', 'lakerunner', '--layout', 'root'], 2],
    [['aws', 'destroy', 'lakerunner', '--only', 'comon'], 2],
    [['aws', 'update-images', 'lakerunner-ecs-services', 'grafana'], 2],
  ])('%j ends with %i', async (args, code) => {
    expect((await lakewright(args)).code).toBe(code);
  });

  it('takes flags of up from the environment and refuses bad ones by name', async () => {
    const { code, stderr } = await lakewright(['up'], { LAKEWRIGHT_OTLP_GRPC_PORT: 'x' });
    expect(code).toBe(2);
    expect(stderr).toContain('LAKEWRIGHT_OTLP_GRPC_PORT');
  });

  it.each(['yesterday', '2026-12-01', 'ten'])('says how to write a time instead of %s', async (text) => {
    const { code, stderr } = await lakewright(['query', 'sql', 'select 1', '--start', text]);
    expect(code).toBe(2);
    for (const form of ['RFC 3339', 'ns since the epoch', 'how long ago']) expect(stderr).toContain(form);
  });

  it('shows the default of tail --since as a duration', async () => {
    expect((await lakewright(['tail', '--help'])).stdout).toContain('default: 10m)');
  });

  it('prints the version', async () => {
    expect((await lakewright(['--version'])).stdout).toBe(`${pkg.version}\n`);
  });
});

describe('nothing listens', () => {
  it.each([
    [['services']],
    [['status']],
    [['tail', 'cart']],
    [['dlq', 'ls']],
    [['query', 'sql', 'select 1']],
    [['query', 'sql', 'select 1', '--format', 'csv']],
  ])('%j says where and what to do', async (args) => {
    const url = await deadAddress();
    const { code, stdout, stderr } = await lakewright([...args, '--url', url]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`nothing answers at ${url}`);
    expect(stderr).toContain('lakewright up');
  });

  it('says so for the demo', async () => {
    const endpoint = await deadAddress();
    const { code, stderr } = await lakewright(['demo', '--duration', '1s', '--endpoint', endpoint]);
    expect(code).toBe(1);
    expect(stderr).toContain(`nothing answers at ${endpoint}`);
  });
});

describe('connect', () => {
  const KEY = 'secret-key-0123';
  const withKey = { LAKEWRIGHT_API_KEY: KEY };
  const endpoint = ['--endpoint', 'http://lake.example:4318'];

  it('prints a collector configuration', async () => {
    const { stdout } = await lakewright(['connect', 'otel-collector', ...endpoint], withKey);
    const config = parseYaml(stdout);
    expect(config.exporters['otlphttp/lakewright']).toMatchObject({
      endpoint: 'http://lake.example:4318',
      headers: { authorization: `Bearer \${env:LAKEWRIGHT_API_KEY}` },
    });
    for (const signal of ['logs', 'traces', 'metrics']) {
      const { receivers, processors, exporters } = config.service.pipelines[signal];
      for (const name of receivers) expect(config.receivers).toHaveProperty([name]);
      for (const name of processors) expect(config.processors).toHaveProperty([name]);
      for (const name of exporters) expect(config.exporters).toHaveProperty([name]);
    }
  });

  it('prints settings for Claude Code as JSON and as shell commands that agree', async () => {
    const json = JSON.parse(
      (await lakewright(['connect', 'claude-code', '--format', 'json', ...endpoint])).stdout,
    );
    expect(json.env).toEqual({
      CLAUDE_CODE_ENABLE_TELEMETRY: '1',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://lake.example:4318',
    });
    const { stdout } = await lakewright(['connect', 'claude-code', ...endpoint], withKey);
    for (const [name, value] of Object.entries(json.env))
      expect(stdout).toContain(`export ${name}=${value}\n`);
    expect(stdout).toContain('authorization=Bearer%20$LAKEWRIGHT_API_KEY');
  });

  it('prints the settings for Claude Code as JSON with --json, and takes the endpoint of the demo', async () => {
    const { stdout } = await lakewright(['connect', 'claude-code', '--json'], {
      LAKEWRIGHT_OTLP_ENDPOINT: 'http://lake.example:14318',
    });
    expect(JSON.parse(stdout).env.OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://lake.example:14318');
  });

  it('prints an [otel] table for Codex with one exporter for each signal', async () => {
    const { stdout } = await lakewright(['connect', 'codex', ...endpoint]);
    const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of lines) expect(line).toMatch(/^(\[[\w.-]+\]|\w+ = ("[^"]*"|true|false))$/);
    for (const signal of ['logs', 'traces', 'metrics']) {
      expect(lines).toContain(`endpoint = "http://lake.example:4318/v1/${signal}"`);
    }
  });

  it.each([['otel-collector'], ['claude-code'], ['codex']])('%s never shows the key', async (client) => {
    const { stdout, stderr } = await lakewright(['connect', client], withKey);
    expect(stdout + stderr).not.toContain(KEY);
    expect(stdout + stderr).toContain('LAKEWRIGHT_API_KEY');
    expect((await lakewright(['connect', client, '--no-key'], withKey)).stdout).not.toContain(
      'LAKEWRIGHT_API_KEY',
    );
  });
});
