export { type GroupCommitOptions, type GroupCommitter, groupCommitter } from './group-commit.ts';
export {
  minutePrefix,
  type ParsedRawKey,
  parseRawKey,
  RAW_PREFIX,
  RAW_RULES,
  type RawRule,
  rawKey,
} from './keys.ts';
export { COMMIT_LIMITS, type CommitLimits } from './limits.ts';
