import type { Signal } from '@lakewright/core';
import { MAX_VALUE_DEPTH } from '../decode/any-value.ts';
import { JsonError } from '../errors.ts';
import { type FieldDescriptor, MESSAGES, REQUEST_MESSAGES } from '../wire/schema.ts';
import { ProtoWriter } from '../wire/writer.ts';
import { LongNumber, parseJson } from './parse.ts';
import { JsonFault, readBool, readBytes, readDouble, readEnum, readInteger, readString } from './scalars.ts';

/**
 * An OTLP/JSON export request as protobuf bytes, by the rules of OTLP/JSON: lowerCamelCase or snake_case
 * names, ids in hexadecimal of any case, other bytes in base64, 64-bit integers as numbers or strings
 * without loss, `"NaN"` and the infinities, enums by number or name, null as absent, unknown fields ignored.
 * An id of a wrong length is passed on, for the inspection to judge. What nests deeper than a value may is
 * cut off one level below, which the inspection then rejects with its record.
 *
 * Throws JsonError, naming the path, for whatever is not an export request of that signal.
 */
export function jsonToProto(signal: Signal, input: Uint8Array | string): Uint8Array {
  const value = parseJson(input);
  const transcoder = new Transcoder(Math.max(input.length, 64));
  try {
    transcoder.message(REQUEST_MESSAGES[signal], value);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new JsonError(`${transcoder.where()}: ${error.reason}`);
  }
  return transcoder.writer.finish();
}

const fieldMaps = new Map<string, ReadonlyMap<string, FieldDescriptor>>();

/** A message's fields by both of their JSON names. */
function fieldsOf(message: string): ReadonlyMap<string, FieldDescriptor> {
  let fields = fieldMaps.get(message);
  if (fields === undefined) {
    fields = new Map(
      MESSAGES[message].fields.flatMap((field) => [
        [field.name, field],
        [field.name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), field],
      ]),
    );
    fieldMaps.set(message, fields);
  }
  return fields;
}

class Transcoder {
  readonly writer: ProtoWriter;
  readonly #path: (string | number)[] = [];
  /** The level that the next AnyValue has; 1 outside arrays and kvlists. */
  #level = 1;

  constructor(capacity: number) {
    this.writer = new ProtoWriter(capacity);
  }

  message(name: string, value: unknown): void {
    if (this.#level > MAX_VALUE_DEPTH && (name === 'AnyValue' || name === 'KeyValue')) return;
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof LongNumber) {
      throw new JsonFault('expected an object');
    }
    const fields = fieldsOf(name);
    const container = name === 'ArrayValue' || name === 'KeyValueList';
    if (container) this.#level++;
    for (const [key, member] of Object.entries(value)) {
      const field = member === null ? undefined : fields.get(key);
      if (field === undefined) continue;
      this.#path.push(key);
      if (field.repeated) this.#repeated(field, member);
      else this.#single(field, member);
      this.#path.pop();
    }
    if (container) this.#level--;
  }

  #repeated(field: FieldDescriptor, value: unknown): void {
    if (!Array.isArray(value)) throw new JsonFault('expected an array');
    if (field.type === 'message' || field.type === 'string') this.#elements(field, value);
    else if (value.length > 0) this.writer.packed(field.number, () => this.#elements(field, value));
  }

  #elements(field: FieldDescriptor, values: readonly unknown[]): void {
    for (let i = 0; i < values.length; i++) {
      this.#path.push(i);
      if (field.type === 'message' || field.type === 'string') this.#single(field, values[i]);
      else this.#packedElement(field, values[i]);
      this.#path.pop();
    }
  }

  #packedElement(field: FieldDescriptor, value: unknown): void {
    if (field.type === 'double') this.writer.rawDouble(readDouble(value));
    else if (field.type === 'fixed64') this.writer.rawFixed64(readInteger(value, 'fixed64'));
    else this.writer.rawVarint(readInteger(value, 'uint64'));
  }

  #single(field: FieldDescriptor, value: unknown): void {
    const { writer } = this;
    const { number } = field;
    const always = field.presence === true || field.repeated === true;
    switch (field.type) {
      case 'message':
        writer.message(number, () => this.message(field.message as string, value));
        return;
      case 'string': {
        const text = readString(value);
        if (always || text !== '') writer.string(number, text);
        return;
      }
      case 'bytes': {
        const bytes = readBytes(value, field);
        if (always || bytes.length > 0) writer.bytes(number, bytes);
        return;
      }
      case 'bool': {
        const flag = readBool(value);
        if (always || flag) writer.bool(number, flag);
        return;
      }
      case 'double': {
        const double = readDouble(value);
        // Negative zero is not the default value.
        if (always || !Object.is(double, 0)) writer.double(number, double);
        return;
      }
      default: {
        const integer =
          field.type === 'enum' ? readEnum(value, field.names ?? []) : readInteger(value, field.type);
        if (always || integer !== 0n) this.#integer(field, integer);
      }
    }
  }

  #integer(field: FieldDescriptor, value: bigint): void {
    const { writer } = this;
    switch (field.type) {
      case 'fixed64':
      case 'sfixed64':
        writer.fixed64(field.number, value);
        return;
      case 'fixed32':
        writer.fixed32(field.number, Number(value));
        return;
      case 'sint32':
        writer.sint(field.number, value);
        return;
      default:
        writer.varint(field.number, value);
    }
  }

  /** The path of the value at hand. */
  where(): string {
    if (this.#path.length === 0) return 'request';
    return this.#path.reduce<string>(
      (path, step) => (typeof step === 'number' ? `${path}[${step}]` : `${path}${path && '.'}${step}`),
      '',
    );
  }
}
