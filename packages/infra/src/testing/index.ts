export { INSTALL_CHECKS, ROUTES, STACK_CHECKS } from './checks/index.ts';
export type { Check, DeployedStack, Deployment, Finding } from './deployment.ts';
export { findingsOf } from './findings.ts';
export { type Choice, choices, Installs, STACK_ORDER } from './install.ts';
