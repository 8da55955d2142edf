export { type BatchItem, type BatchResult, processBatch } from './batch.ts';
export { completionKey, inputKeyOf, parseCompletion } from './completion.ts';
export * from './errors.ts';
export type { Handler, HandlerContext, HandlerInput, Output, Put } from './handler.ts';
export { helloWorld } from './hello-world.ts';
export { addRefineRoutes, type RefineRoutes } from './http.ts';
export { createLambdaHandler, type LambdaContext, type SqsBatchResponse, type SqsEvent } from './lambda.ts';
export { REFINE_LIMITS, type RefineLimits } from './limits.ts';
export { type RefineMetrics, refineMetrics } from './metrics.ts';
export { outputKey } from './outputs.ts';
export type { RefineDependencies } from './process.ts';
export { reasonOf } from './reason.ts';
export {
  checkPath,
  type DeadLetterView,
  type PushedObject,
  type RuleSet,
  type RuleSetObject,
  type RuleView,
  ruleSet,
} from './rule-set.ts';
export { InputSource, inputMessage } from './source.ts';
export { runRefine, type WorkerDependencies, type WorkerSettings } from './worker.ts';
