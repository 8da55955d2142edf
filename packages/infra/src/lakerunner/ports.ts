/**
 * Every port of an install, by what answers there. Security groups, port mappings, target groups and health checks all
 * take theirs from here: a port that only one of them knew would be closed for the others.
 */
export const PORTS = {
  queryApi: 7101,
  queryWorker: 8081,
  otlpGrpc: 4317,
  otlpHttp: 4318,
  /** `/livez` and `/readyz` of every service. */
  health: 8090,
  grafana: 3000,
  database: 5432,
  nfs: 2049,
} as const;

/** What an install's tasks ask of each other. */
export const BETWEEN_TASKS = ['queryApi', 'queryWorker'] as const satisfies readonly (keyof typeof PORTS)[];
