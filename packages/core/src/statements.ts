/** How far an engine is with a statement. */
export interface StatementProgress {
  /** The engine's own word for it: QUEUED, RUNNING, FINISHED. */
  readonly state: string;
  /** 0 to 100, where the engine says it. */
  readonly percent?: number;
}

export interface StatementOptions {
  /** Aborting it ends the statement where it runs. */
  readonly signal?: AbortSignal;
  onProgress?(progress: StatementProgress): void;
}

/** One row, a value for each column as the engine writes it; NULL is null. */
export type StatementRow = readonly unknown[];

/** A port: a SQL engine elsewhere, over tables that it reads by itself. */
export interface StatementEngine {
  /** The engine's name, for messages. */
  readonly name: string;
  /**
   * Runs one statement and gives its rows, page by page. Leaving the loop early ends the statement where it runs.
   * Throws BadInputError for what the engine refuses or fails at, with the engine's own words; UnavailableError
   * while it cannot be reached; ConfigError where it does not let us in; the signal's reason when that is aborted.
   */
  run(statement: string, options?: StatementOptions): AsyncIterable<readonly StatementRow[]>;
  close(): void;
}
