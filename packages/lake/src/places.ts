import { DEFAULT_ORGANIZATION, NotFoundError } from '@lakewright/core';
import type { Reach } from './catalog/raw-objects.ts';

/** Where objects of a lake are: a data directory, or a bucket. */
export interface Place {
  /** What the keys of its objects begin with: empty for a data directory, `s3://bucket/` for a bucket. */
  readonly base: string;
  /** Whose raw objects may arrive here; undefined: anybody's. */
  readonly organizations: ReadonlySet<string> | undefined;
  /** Whose a dropped file is that lies in no organization's folder; undefined: nobody's, it is refused. */
  readonly dropsBelongTo: string | undefined;
}

/** A data directory: one place for everybody. */
export const DATA_DIRECTORY: Place = {
  base: '',
  organizations: undefined,
  dropsBelongTo: DEFAULT_ORGANIZATION,
};

/** All places of a lake, and where the objects of each organization are made. */
export class Places {
  readonly #all: readonly Place[];
  readonly #homes: ReadonlyMap<string, string> | undefined;

  /** `homes` gives each organization the base of its place; undefined: the first place is everybody's. */
  constructor(all: readonly Place[], homes?: ReadonlyMap<string, string>) {
    this.#all = all;
    this.#homes = homes;
  }

  get all(): readonly Place[] {
    return this.#all;
  }

  /** The places of this moment, for work that has to end with those it began with. */
  snapshot(): Places {
    return this;
  }

  /**
   * Of which objects this process can make segments: those that it can read, of organizations with a home.
   * Undefined: of all. Another process may know more, which has looked at the profiles since they changed.
   */
  get reach(): Reach | undefined {
    if (this.#homes === undefined) return undefined;
    return { bases: this.#all.map(({ base }) => base), organizations: [...this.#homes.keys()] };
  }

  /** The place of a key, or undefined when it is in none. */
  of(key: string): Place | undefined {
    return this.#all.find(({ base }) => key.startsWith(base));
  }

  /** The base of the keys of what is made for an organization. Throws NotFoundError when it has no place. */
  baseOf(organization: string): string {
    const base = this.#homes === undefined ? this.#all[0]?.base : this.#homes.get(organization);
    if (base !== undefined) return base;
    throw new NotFoundError(`organization ${organization} has no storage profile`, {
      hint: 'add one to the storage profiles and run lakewright setup',
    });
  }
}

/** Everything in one data directory. */
export const ONE_PLACE = new Places([DATA_DIRECTORY]);
