import { ProtoWriter } from '@lakewright/otlp';
import { Fields } from './fields.ts';
import { type JsonObject, type JsonValue, scalarText } from './json-values.ts';
import type { Notes } from './notes.ts';
import { severityNumber } from './severities.ts';
import { REPAIRED } from './text.ts';
import { nanosecondsOf, timeOf } from './times.ts';
import { ValueWriter } from './value-writer.ts';

/** Records of so many resources, or of so many bytes, are gathered before they are put down. */
const MAX_OPEN_GROUPS = 1000;
const MAX_OPEN_BYTES = 4 * 1024 * 1024;

/**
 * Gathers plain records (JSON objects, CSV rows) as OTLP LogRecords, grouped by resource, next to requests
 * that are OTLP already. The README of this folder says which field becomes what.
 */
export class LogRecords {
  readonly #arrivedNs: bigint;
  readonly #notes: Notes;
  /** ExportLogsServiceRequests: one after the other they are one request. */
  readonly #parts: Uint8Array[] = [];
  /** By service name, the fields of a ScopeLogs message. */
  readonly #groups = new Map<string | undefined, ValueWriter>();
  #openBytes = 0;

  /** `arrivedNs` is when the object was observed, and so the observed time of its records. */
  constructor(arrivedNs: bigint, notes: Notes) {
    this.#arrivedNs = arrivedNs;
    this.#notes = notes;
  }

  /** Adds an ExportLogsServiceRequest. */
  addRequest(body: Uint8Array): void {
    this.#parts.push(body);
  }

  /** Adds the record that starts at `line`. */
  add(record: JsonObject, line: number): void {
    const where = `line ${line}`;
    if (Object.keys(record).length === 0) {
      this.#notes.add('an object without fields holds no record', where);
      return;
    }
    const fields = new Fields(record);
    const service = fields.take('service', textual);
    const out = this.#group(service);
    if (service?.isWellFormed() === false) out.repaired++;
    const { length } = out.proto;
    out.proto.message(2, () => writeRecord(out, fields, this.#arrivedNs, this.#notes, where));
    if (out.repaired > 0) this.#notes.add(REPAIRED, where);
    out.repaired = 0;
    this.#openBytes += out.proto.length - length;
    if (this.#openBytes >= MAX_OPEN_BYTES) this.#putDown();
  }

  /** One ExportLogsServiceRequest of everything that was added. */
  finish(): Uint8Array {
    this.#putDown();
    return this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
  }

  #group(service: string | undefined): ValueWriter {
    const known = this.#groups.get(service);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_OPEN_GROUPS) this.#putDown();
    const group = new ValueWriter(512);
    this.#groups.set(service, group);
    return group;
  }

  /** ResourceLogs{resource = 1, scope_logs = 2} in ExportLogsServiceRequest{resource_logs = 1}. */
  #putDown(): void {
    if (this.#groups.size === 0) return;
    const out = new ProtoWriter(this.#openBytes + 4096);
    for (const [service, group] of this.#groups) {
      out.message(1, () => {
        if (service !== undefined) out.bytes(1, resourceOf(service));
        out.bytes(2, group.proto.finish());
      });
    }
    this.#parts.push(out.finish());
    this.#groups.clear();
    this.#openBytes = 0;
  }
}

/** Resource{attributes = 1} with a service.name. */
function resourceOf(service: string): Uint8Array {
  const out = new ValueWriter(64 + service.length);
  out.members(1, [['service.name', service]]);
  return out.proto.finish();
}

/** The fields of a LogRecord. */
function writeRecord(out: ValueWriter, fields: Fields, arrivedNs: bigint, notes: Notes, where: string): void {
  const { proto } = out;
  const time = fields.take('time', timeField, (name) => {
    notes.add(`${JSON.stringify(name)} is no time that can be stored; it is kept as an attribute`, where);
  });
  if (time !== undefined) proto.fixed64(1, time);
  const severity = fields.take('severity', scalarText);
  const number = fields.take('severityNumber', explicitNumber) ?? severityNumber(severity ?? '');
  if (number !== 0) proto.varint(2, number);
  if (severity !== undefined) out.text(3, severity);
  fields.take('body', (value) => {
    proto.message(5, () => out.value(value));
    return true;
  });
  const traceId = fields.take('traceId', (value) => idField(value, 16));
  if (traceId !== undefined) proto.bytes(9, traceId);
  const spanId = fields.take('spanId', (value) => idField(value, 8));
  if (spanId !== undefined) proto.bytes(10, spanId);
  proto.fixed64(11, arrivedNs);
  out.members(6, fields.attributes);
}

function textual(value: JsonValue): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function timeField(value: JsonValue, name: string): bigint | undefined {
  const text = typeof value === 'boolean' ? undefined : scalarText(value);
  if (text === undefined) return undefined;
  return name === 'time_unix_nano' || name === 'timeunixnano' ? nanosecondsOf(text) : timeOf(text);
}

/** A severity number as OpenTelemetry has them, 1 to 24. */
function explicitNumber(value: JsonValue): number | undefined {
  const text = scalarText(value);
  return text !== undefined && /^(?:[1-9]|1\d|2[0-4])$/.test(text) ? Number(text) : undefined;
}

function idField(value: JsonValue, length: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length !== length * 2 || !/^[0-9a-f]+$/i.test(value))
    return undefined;
  return Buffer.from(value, 'hex');
}
