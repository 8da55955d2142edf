import { messageOf } from '@lakewright/core';
import type { ClaimedObject } from '../catalog/index.ts';
import { BadObjectError } from '../errors.ts';
import type { Cooker, CookResult } from '../types.ts';

/** A claimed object with its bytes. */
export interface ReadObject {
  readonly object: ClaimedObject;
  readonly bytes: Uint8Array;
  /** Of dropped files, which may be touched or copied again: the SHA-256 of the bytes. */
  readonly digest?: string;
}

/** What cooking made of some of a claim's objects. */
export type Cooked =
  | { readonly kind: 'cooked'; readonly inputs: readonly ReadObject[]; readonly result: CookResult }
  | { readonly kind: 'bad'; readonly object: ClaimedObject; readonly reason: string }
  /** Cooking this object alone failed without saying that it is bad. */
  | { readonly kind: 'failed'; readonly object: ClaimedObject; readonly reason: string };

/** Bad objects that are taken out of one claim before the rest is cooked one by one. */
const MAX_REMOVALS = 3;

/**
 * Cooks a claim. A bad object that the cooker names is taken out and the rest cooked together; when it names
 * none, or too many, every object is cooked alone, so that a bad one never takes its neighbours with it. The
 * segments' keys begin with `base`.
 */
export async function* cookClaim(
  cooker: Cooker,
  claimed: readonly ReadObject[],
  base = '',
): AsyncGenerator<Cooked> {
  let inputs = claimed;
  for (let removals = 0; inputs.length > 1; removals++) {
    const outcome = await cookOnce(cooker, inputs, base);
    if (outcome.kind === 'cooked') {
      yield outcome;
      return;
    }
    const bad = outcome.kind === 'bad' ? inputs.find((input) => input.object === outcome.object) : undefined;
    if (bad === undefined || removals === MAX_REMOVALS) break;
    yield outcome;
    inputs = inputs.filter((input) => input !== bad);
  }
  for (const input of inputs) yield await cookOnce(cooker, [input], base);
}

async function cookOnce(cooker: Cooker, inputs: readonly ReadObject[], base: string): Promise<Cooked> {
  const { organization, signal } = inputs[0].object;
  try {
    return { kind: 'cooked', inputs, result: await cooker.cook({ organization, base, signal, inputs }) };
  } catch (error) {
    const reason = messageOf(error);
    const named = error instanceof BadObjectError ? error.key : undefined;
    const bad = inputs.find(({ object }) => object.key === named);
    if (bad !== undefined) return { kind: 'bad', object: bad.object, reason };
    return { kind: 'failed', object: inputs[0].object, reason };
  }
}
