/** The limits of a rule set that no rule says; each is the `limit` of the error it causes. */
export interface RefineLimits {
  /** Outputs of one object. The completion names each of them. */
  readonly maxOutputs: number;
  /** Bytes of a completion record that is read. */
  readonly maxCompletionBytes: number;
  /** Seconds without a byte after which an object that is being pushed is given up. */
  readonly maxIdleSeconds: number;
}

export const REFINE_LIMITS: RefineLimits = {
  maxOutputs: 10_000,
  maxCompletionBytes: 16 * 1024 * 1024,
  maxIdleSeconds: 30,
};
