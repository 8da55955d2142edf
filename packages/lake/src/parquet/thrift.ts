import { ByteSink } from './byte-sink.ts';
import type { ThriftField } from './read/thrift-reader.ts';

const encoder = new TextEncoder();

/** Type ids of Thrift's compact protocol. */
const TRUE = 1;
const FALSE = 2;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

/**
 * Writes one struct in Thrift's compact protocol, which Parquet's page headers and footer use
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). Fields must be
 * written in ascending order.
 */
export class ThriftWriter {
  readonly out = new ByteSink();
  #last = 0;

  #field(id: number, type: number): void {
    const delta = id - this.#last;
    if (delta > 0 && delta <= 15) this.out.byte((delta << 4) | type);
    else {
      this.out.byte(type);
      this.out.zigzag(id);
    }
    this.#last = id;
  }

  /** A field as a ThriftReader gave it. */
  raw({ id, type, bytes }: ThriftField): void {
    this.#field(id, type);
    this.out.set(bytes);
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? TRUE : FALSE);
  }

  i32(id: number, value: number): void {
    this.#field(id, I32);
    this.out.zigzag(value);
  }

  i64(id: number, value: number): void {
    this.#field(id, I64);
    this.out.zigzag(value);
  }

  binary(id: number, value: Uint8Array): void {
    this.#field(id, BINARY);
    this.#bytes(value);
  }

  string(id: number, value: string): void {
    this.binary(id, encoder.encode(value));
  }

  struct(id: number, write: () => void): void {
    this.#field(id, STRUCT);
    this.#nested(write);
  }

  structs(id: number, count: number, write: (index: number) => void): void {
    this.#list(id, count, STRUCT);
    for (let i = 0; i < count; i++) this.#nested(() => write(i));
  }

  i32s(id: number, values: readonly number[]): void {
    this.#list(id, values.length, I32);
    for (const value of values) this.out.zigzag(value);
  }

  strings(id: number, values: readonly string[]): void {
    this.#list(id, values.length, BINARY);
    for (const value of values) this.#bytes(encoder.encode(value));
  }

  /** Ends the outermost struct. */
  end(): void {
    this.out.byte(0);
  }

  #bytes(value: Uint8Array): void {
    this.out.varint(value.length);
    this.out.set(value);
  }

  #list(id: number, count: number, type: number): void {
    this.#field(id, LIST);
    if (count < 15) this.out.byte((count << 4) | type);
    else {
      this.out.byte(0xf0 | type);
      this.out.varint(count);
    }
  }

  #nested(write: () => void): void {
    const outer = this.#last;
    this.#last = 0;
    write();
    this.out.byte(0);
    this.#last = outer;
  }
}
