import type { SqlValue } from '@lakewright/core';

/** What the main thread asks of the thread that holds the embedded database. */
export type SqlCall =
  | {
      readonly id: number;
      readonly kind: 'query';
      readonly text: string;
      readonly params: readonly SqlValue[];
    }
  | { readonly id: number; readonly kind: 'script'; readonly text: string }
  | { readonly id: number; readonly kind: 'close' };

/** How the thread answers; `id` is the call's. The call 0 is the opening of the database. */
export type SqlAnswer =
  | { readonly id: number; readonly rows: Record<string, unknown>[] }
  | { readonly id: number; readonly error: { readonly message: string; readonly sqlState?: string } };

/** What the thread is started with. */
export interface SqlThreadData {
  readonly dir: string;
}
