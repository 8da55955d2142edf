import { type FileLayout, footerLength, type PlannedSegment, readLayout, TAIL_BYTES } from '@lakewright/lake';
import { CancelledError, SegmentReadError } from '../errors.ts';
import type { CacheLimits } from './limits.ts';
import type { RangeReader } from './reader.ts';

/** What is known of a segment's object. */
export interface KnownSegment {
  readonly key: string;
  readonly etag: string;
  readonly layout: FileLayout;
  /** The last bytes of the object, from `start` on, when they were only just read. */
  readonly tail?: { readonly start: number; readonly bytes: Uint8Array };
}

/** The footers of segments, those asked for last in memory. */
export class Footers {
  readonly #reader: RangeReader;
  readonly #limits: CacheLimits;
  /** By key, the one that was longest not asked for first. */
  readonly #known = new Map<string, KnownSegment>();
  readonly #reading = new Map<string, { readonly signal: AbortSignal; known: Promise<KnownSegment> }>();
  #bytes = 0;

  constructor(reader: RangeReader, limits: CacheLimits) {
    this.#reader = reader;
    this.#limits = limits;
  }

  /** Throws SegmentReadError when the object is not what the catalog says, and what the reader throws. */
  async of(segment: PlannedSegment, signal: AbortSignal): Promise<KnownSegment> {
    const known = this.#known.get(segment.key);
    if (known !== undefined) {
      this.#known.delete(segment.key);
      this.#known.set(segment.key, known);
      return known;
    }
    const reading = this.#reading.get(segment.key) ?? this.#start(segment, signal);
    try {
      return await reading.known;
    } catch (error) {
      // It was given up by the query that began to read it, and this one still wants it.
      if (error instanceof CancelledError && !signal.aborted) return this.of(segment, signal);
      throw error;
    }
  }

  /** The object turned out to be another one. */
  forget(key: string): void {
    this.#bytes -= this.#known.get(key)?.layout.footer.length ?? 0;
    this.#known.delete(key);
  }

  #start(segment: PlannedSegment, signal: AbortSignal) {
    const known = this.#read(segment, signal).finally(() => this.#reading.delete(segment.key));
    const reading = { signal, known };
    this.#reading.set(segment.key, reading);
    return reading;
  }

  async #read(segment: PlannedSegment, signal: AbortSignal): Promise<KnownSegment> {
    const { key, bytes: size } = segment;
    const start = size - tailBytes(size, this.#limits);
    const end = await this.#reader.read(key, { start, end: size }, signal);
    if (end.size !== size) {
      throw new SegmentReadError(key, `its object has ${end.size} bytes and the catalog says ${size}`);
    }
    const { etag } = end;
    try {
      if (size < TAIL_BYTES) throw new RangeError('it is too short for a Parquet file');
      const length = footerLength(end.bytes, size);
      const missing = length - end.bytes.length;
      let footer = end.bytes.subarray(-length);
      if (missing > 0) {
        const more = await this.#reader.read(key, { start: start - missing, end: start, etag }, signal);
        footer = Buffer.concat([more.bytes, end.bytes]);
      }
      // The layout points into its own bytes: it must not keep the rest of the tail in memory.
      const known = { key, etag, layout: readLayout(Uint8Array.from(footer), size) };
      this.#keep(known);
      return { ...known, tail: { start, bytes: end.bytes } };
    } catch (error) {
      if (error instanceof RangeError) throw new SegmentReadError(key, error.message, { cause: error });
      throw error;
    }
  }

  #keep(known: KnownSegment): void {
    this.#known.set(known.key, known);
    this.#bytes += known.layout.footer.length;
    for (const key of this.#known.keys()) {
      if (this.#bytes <= this.#limits.maxFooterBytes) break;
      this.forget(key);
    }
  }
}

function tailBytes(size: number, { smallObjectBytes, minTailBytes, maxTailBytes }: CacheLimits): number {
  if (size <= smallObjectBytes) return size;
  return Math.min(size, Math.max(minTailBytes, Math.min(maxTailBytes, Math.ceil(size / 80))));
}
