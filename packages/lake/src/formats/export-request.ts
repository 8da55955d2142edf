import type { Signal } from '@lakewright/core';
import { BadObjectError } from '../errors.ts';
import { readCsv } from './csv.ts';
import { decompress } from './decompress.ts';
import { readJson } from './json-formats.ts';
import { FORMAT_LIMITS, type FormatLimits } from './limits.ts';
import { LogRecords } from './log-records.ts';
import { Notes } from './notes.ts';
import { FormatProblem } from './problem.ts';
import { sniff } from './sniff.ts';
import { type Format, suffixesOf } from './suffixes.ts';

/** A raw object as it is stored. */
export interface StoredObject {
  /** Its suffixes say how it is compressed and what it holds. */
  readonly key: string;
  readonly signal: Signal;
  readonly bytes: Uint8Array;
  /** When it arrived, ns since the epoch: the observed time of NDJSON and CSV records. */
  readonly arrivedNs: bigint;
}

/** An object as one export request. */
export interface ExportRequest {
  /** Export{Logs,Trace,Metrics}ServiceRequest in protobuf. Protobuf objects pass unread. */
  readonly body: Uint8Array;
  /** What was stored otherwise than it was sent, and where: for the operator, without any content. */
  readonly notes: string[];
}

/**
 * Turns a raw object of any format that the lake takes into one OTLP request; README.md in this folder says
 * which formats these are and how plain records are mapped. All or nothing: throws BadObjectError, with the
 * line where there is one, when any part of the object cannot be read, and when the object exceeds a limit
 * (FormatLimits), which the message names.
 */
export function toExportRequest(object: StoredObject, limits: FormatLimits = FORMAT_LIMITS): ExportRequest {
  try {
    return read(object, limits);
  } catch (error) {
    if (!(error instanceof FormatProblem)) throw error;
    throw new BadObjectError(object.key, error.message, { cause: error.cause });
  }
}

function read({ key, signal, bytes, arrivedNs }: StoredObject, limits: FormatLimits): ExportRequest {
  const { compression, format: named } = suffixesOf(key);
  const plain = decompress(bytes, compression, limits);
  if (plain.length === 0) return { body: plain, notes: ['the object is empty'] };
  const format: Format = named ?? sniff(plain);
  if (format === 'protobuf') return { body: plain, notes: [] };
  if (format === 'csv' && signal !== 'logs') {
    throw new FormatProblem(`CSV is read for logs only; ${signal} are taken as OTLP protobuf or OTLP/JSON`);
  }
  const notes = new Notes();
  const records = new LogRecords(arrivedNs, notes);
  if (format === 'csv') readCsv(plain, records, limits, notes);
  else readJson(format, signal, plain, records, limits, notes);
  return { body: records.finish(), notes: notes.list() };
}
