export { type Brought, broughtBy } from './brought.ts';
export { type ByoReport, byoCheck } from './check.ts';
export { type Command, type Finding, type Fix, shellText } from './finding.ts';
export { type Place, policyOf, TASK_TRUST, taskNeeds } from './needs.ts';
