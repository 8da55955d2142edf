export { deployerPolicies, MANAGED_POLICY_CHARACTERS, type ManagedPolicy } from './deployer.ts';
export { OWN_ACTIONS } from './own-actions.ts';
export { RESOURCE_ACTIONS } from './resource-actions.ts';
export { executionPolicy, taskRole } from './roles.ts';
export { type DeployPlace, PARAMETER_NAMES, SECRET_NAMES } from './scopes.ts';
