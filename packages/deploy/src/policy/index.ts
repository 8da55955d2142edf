export type { RequestContext } from './conditions.ts';
export { type PolicyDocument, parsePolicy, type Statement } from './document.ts';
export {
  type Asker,
  both,
  type Decision,
  denials,
  evaluatePolicies,
  type PolicyRequest,
} from './evaluate.ts';
