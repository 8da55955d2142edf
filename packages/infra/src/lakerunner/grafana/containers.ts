import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { CfnParameter } from 'aws-cdk-lib/core';
import type { ServiceDefaults } from '../../defaults.ts';
import { type ContainerDefinition, healthCheck, logsTo, OUR_USER, SCRATCH } from '../fargate.ts';
import { PORTS } from '../ports.ts';
import { fieldOf, variables } from '../services/environment.ts';

/** The container that the load balancer knows. */
export const GRAFANA = 'GrafanaContainer';
const INIT = 'GrafanaInit';

/** The volume that stays, and where both containers have it. */
export const HOME_VOLUME = 'grafana';
const HOME = '/var/lib/grafana';

/** What init puts into the scratch volume, as Grafana sees it. */
const CONFIG = '/etc/lakewright';

export interface GrafanaMeans {
  readonly defaults: ServiceDefaults;
  readonly logs: CfnLogGroup;
  readonly image: CfnParameter;
  readonly initImage: CfnParameter;
  readonly resetToken: CfnParameter;
  /** Where people open it. */
  readonly url: string;
  readonly queryApiUrl: string;
  readonly adminSecretArn: string;
  readonly apiKeySecretArn: string;
}

/** What runs first, and Grafana, which starts when that has ended well: a reset never meets a Grafana that runs. */
export function grafanaContainers(means: GrafanaMeans): ContainerDefinition[] {
  return [init(means), grafana(means)];
}

function init({ initImage, resetToken, logs }: GrafanaMeans): ContainerDefinition {
  return {
    name: INIT,
    image: initImage.valueAsString,
    essential: false,
    command: ['sh', '/app/grafana/init.sh'],
    user: OUR_USER,
    readonlyRootFilesystem: true,
    environment: variables({
      GRAFANA_HOME: HOME,
      GRAFANA_CONFIG: SCRATCH,
      GRAFANA_RESET_TOKEN: resetToken.valueAsString,
    }),
    mountPoints: [
      { sourceVolume: HOME_VOLUME, containerPath: HOME },
      // Our image says of this path whose it is; of a path that it does not know, root would be the owner.
      { sourceVolume: 'scratch', containerPath: SCRATCH },
    ],
    logConfiguration: logsTo(logs),
  };
}

function grafana(means: GrafanaMeans): ContainerDefinition {
  const { defaults, logs, image, url, queryApiUrl, adminSecretArn, apiKeySecretArn } = means;
  return {
    name: GRAFANA,
    image: image.valueAsString,
    // The image's own entry point behind a lock: two Grafanas would write to one SQLite file.
    entryPoint: ['sh', `${CONFIG}/run.sh`],
    dependsOn: [{ containerName: INIT, condition: 'SUCCESS' }],
    portMappings: [{ containerPort: PORTS.grafana }],
    healthCheck: healthCheck([...(defaults.health ?? [])]),
    environment: variables({
      GRAFANA_HOME: HOME,
      GF_PATHS_DATA: `${HOME}/data`,
      GF_PATHS_PLUGINS: `${HOME}/data/plugins`,
      GF_PATHS_PROVISIONING: `${CONFIG}/provisioning`,
      GF_SERVER_HTTP_PORT: String(PORTS.grafana),
      GF_SERVER_ROOT_URL: url,
      GF_SECURITY_ADMIN_USER: 'lakerunner',
      GF_LOG_MODE: 'console',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      // Nothing is fetched at the start: private subnets may have no way to the internet.
      GF_PLUGINS_PREINSTALL_DISABLED: 'true',
      GRAFANA_DASHBOARDS: `${CONFIG}/dashboards`,
      QUERY_API_URL: queryApiUrl,
      ...defaults.environment,
    }),
    secrets: [
      { name: 'GF_SECURITY_ADMIN_PASSWORD', valueFrom: fieldOf(adminSecretArn, 'password') },
      { name: 'LAKEWRIGHT_API_KEY', valueFrom: fieldOf(apiKeySecretArn, 'api_key') },
    ],
    mountPoints: [
      { sourceVolume: HOME_VOLUME, containerPath: HOME },
      { sourceVolume: 'scratch', containerPath: CONFIG, readOnly: true },
    ],
    logConfiguration: logsTo(logs),
    stopTimeout: 30,
  };
}
