/** When bodies are committed, and how much may wait. */
export interface CommitLimits {
  /** Bytes of bodies at which a commit starts at once. One body more may go with them. */
  readonly commitBytes: number;
  /** Milliseconds that a body waits for others at most before its commit starts. */
  readonly commitIntervalMs: number;
  /** Bytes of bodies that wait or are being committed; beyond them senders are told to come again. */
  readonly maxWaitingBytes: number;
}

export const COMMIT_LIMITS: CommitLimits = {
  commitBytes: 8 * 1024 * 1024,
  commitIntervalMs: 50,
  maxWaitingBytes: 256 * 1024 * 1024,
};
