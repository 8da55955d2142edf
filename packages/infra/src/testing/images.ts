/** What is known of an image that a template may run. */
export interface KnownImage {
  /** Commands that it has. */
  readonly commands: readonly string[];
  /** Whether it is made to run with a read-only root and without root's rights. */
  readonly confined: boolean;
}

/** Ours: the Dockerfile at the repository's root, on Debian's slim Node image, which has no curl and no wget. */
const OURS: KnownImage = { commands: ['lakewright', 'node', 'sh', '/bin/sh'], confined: true };

/** Lakerunner's services: one static binary and nothing else. */
const LAKERUNNER: KnownImage = { commands: ['/app/bin/lakerunner'], confined: false };

/** Lakerunner's query API and worker before they were in the binary: a Java image with curl. */
const LAKERUNNER_QUERY: KnownImage = { commands: ['curl', 'sh', '/bin/sh'], confined: false };

/** Grafana's own, on Alpine: https://github.com/grafana/grafana/blob/main/Dockerfile adds bash and curl. */
const GRAFANA: KnownImage = {
  commands: ['curl', 'wget', 'sh', '/bin/sh', 'bash', '/run.sh'],
  confined: false,
};

export function knownImage(image: string): KnownImage | undefined {
  if (/cardinalhq\.io\/lakerunner\/(query-api|query-worker)[:@]/.test(image)) return LAKERUNNER_QUERY;
  if (image.includes('cardinalhq.io/lakerunner')) return LAKERUNNER;
  if (/(^|\/)grafana\/grafana(-oss)?[:@]/.test(image)) return GRAFANA;
  if (/\/lakewright[:@]/.test(image)) return OURS;
  return undefined;
}
