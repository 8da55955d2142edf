export * from './access/index.ts';
export * from './byo/index.ts';
export * from './engine/index.ts';
export { type Position, type Problem, problemText, TemplateError } from './errors.ts';
export type { Cost } from './estimate/costs.ts';
export { type Estimate, type EstimateLine, estimate } from './estimate/estimate.ts';
export * from './policy/index.ts';
export {
  type EvaluatedOutput,
  type EvaluatedResource,
  type EvaluatedStack,
  evaluate,
  type StackInput,
} from './template/evaluate.ts';
export type { Json, JsonObject, ParameterDeclaration, Template } from './template/model.ts';
export { parameterFaults } from './template/parameters.ts';
export { parseTemplate } from './template/parse.ts';
export { RESOURCE_TYPES } from './template/resource-types.ts';
