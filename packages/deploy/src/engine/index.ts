export * from './deploy.ts';
export * from './destroy.ts';
export type { ChangeLine } from './difference.ts';
export type { Engine, Progress } from './engine.ts';
export * from './errors.ts';
export { type GivenValue, givenByFile, givenBySet } from './given.ts';
export type { LeftOver } from './left-overs.ts';
export type { ParameterDecision } from './parameters.ts';
export { type Plan, planDeployment, type StackPlan } from './plan.ts';
export type { DeployRequest } from './scope.ts';
export * from './status.ts';
export {
  checkEnvironment,
  LAKERUNNER,
  LAKERUNNER_ROOT,
  type System,
  specOf,
  stackName,
  TEMPLATE_BASE,
} from './system.ts';
export { type TemplateFacts, templateFacts } from './template-facts.ts';
export * from './update-images.ts';
