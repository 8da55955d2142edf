import type { Check } from '../deployment.ts';
import * as containers from './containers.ts';
import * as data from './data.ts';
import { evaluates } from './evaluation.ts';
import * as lakeServices from './lake-services.ts';
import * as names from './names.ts';
import * as policies from './policies.ts';
import * as ports from './ports.ts';
import * as rights from './rights.ts';
import { type Routes, routesAreServed } from './routes.ts';
import * as secrets from './secrets.ts';
import * as securityGroups from './security-groups.ts';
import * as services from './services.ts';
import * as vpc from './vpc.ts';

/** What is served on the ports that load balancers lead to. `test/templates.test.ts` asks the servers themselves. */
export const ROUTES: Routes = {
  3000: ['/api/health'],
  7101: ['/healthz', '/ready', '/api/v1/status', '/api/v1/services'],
  8090: ['/livez', '/healthz', '/readyz', '/ready', '/metrics'],
};

const { keysAreGranted, secretsAreGranted, ...secretsOfStack } = secrets;
const { deploymentsRollBack, ...servicesTogether } = services;

/** Checks for which a stack says all by itself, by name. */
export const STACK_CHECKS: Readonly<Record<string, Check>> = {
  evaluates,
  routesAreServed: routesAreServed(ROUTES),
  deploymentsRollBack,
  ...containers,
  ...data,
  ...lakeServices,
  ...names,
  ...policies,
  ...secretsOfStack,
  ...securityGroups,
  ...vpc,
};

/** Checks that look from one stack of an install into another. */
export const INSTALL_CHECKS: Readonly<Record<string, Check>> = {
  keysAreGranted,
  secretsAreGranted,
  ...ports,
  ...rights,
  ...servicesTogether,
};
