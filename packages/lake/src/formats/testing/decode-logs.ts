import protobuf from 'protobufjs';

/** The part of opentelemetry-proto's logs messages that plain records are mapped to. */
const SCHEMA = `
syntax = "proto3";
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message LogRecord {
  fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2;
  string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6;
  bytes trace_id = 9; bytes span_id = 10;
}
message ScopeLogs { repeated LogRecord log_records = 2; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
`;
// Each of our levels is two messages, and the tests go to 65 levels.
protobuf.util.recursionLimit = 400;
protobuf.Reader.recursionLimit = 400;
const request = protobuf.parse(SCHEMA).root.lookupType('ExportLogsServiceRequest');

/** A value as tests write it: ints are bigints, doubles numbers. */
export type Plain = string | bigint | number | boolean | null | Plain[] | { [key: string]: Plain };

/** A record as it was sent; what was not sent is not there. */
export interface PlainRecord {
  service?: string;
  time?: bigint;
  observed?: bigint;
  severity?: number;
  severityText?: string;
  body?: Plain;
  traceId?: string;
  spanId?: string;
  attributes?: { [key: string]: Plain };
}

interface Any {
  value?: string;
  [field: string]: unknown;
}
interface Pair {
  key?: string;
  value?: Any;
}

/** Reads an ExportLogsServiceRequest with protobufjs, which shares no code with the lake. */
export function decodeLogs(body: Uint8Array): PlainRecord[] {
  const message = request.toObject(request.decode(body), {
    longs: String,
    bytes: Array,
    oneofs: true,
    arrays: true,
  });
  const records: PlainRecord[] = [];
  for (const { resource, scopeLogs } of message.resourceLogs) {
    const service = resource === undefined ? undefined : plainPairs(resource.attributes)['service.name'];
    for (const { logRecords } of scopeLogs) {
      for (const record of logRecords) records.push(plainRecord(record, service as string | undefined));
    }
  }
  return records;
}

function plainRecord(record: Record<string, unknown>, service: string | undefined): PlainRecord {
  const plain: PlainRecord = {};
  if (service !== undefined) plain.service = service;
  if (record.timeUnixNano !== undefined) plain.time = BigInt(record.timeUnixNano as string);
  if (record.observedTimeUnixNano !== undefined)
    plain.observed = BigInt(record.observedTimeUnixNano as string);
  if (record.severityNumber !== undefined) plain.severity = record.severityNumber as number;
  if (record.severityText !== undefined) plain.severityText = record.severityText as string;
  if (record.body !== undefined) plain.body = plainValue(record.body as Any);
  if (record.traceId !== undefined) plain.traceId = Buffer.from(record.traceId as number[]).toString('hex');
  if (record.spanId !== undefined) plain.spanId = Buffer.from(record.spanId as number[]).toString('hex');
  const attributes = record.attributes as Pair[];
  if (attributes.length > 0) plain.attributes = plainPairs(attributes);
  return plain;
}

function plainPairs(pairs: readonly Pair[]): { [key: string]: Plain } {
  return Object.fromEntries(
    pairs.map(({ key = '', value }) => [key, value === undefined ? null : plainValue(value)]),
  );
}

function plainValue(any: Any): Plain {
  switch (any.value) {
    case 'intValue':
      return BigInt(any.intValue as string);
    case 'arrayValue':
      return (any.arrayValue as { values: Any[] }).values.map(plainValue);
    case 'kvlistValue':
      return plainPairs((any.kvlistValue as { values: Pair[] }).values);
    default:
      return any.value === undefined ? null : (any[any.value] as Plain);
  }
}
