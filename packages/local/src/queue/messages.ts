import { BadInputError, LimitError, type OutgoingMessage } from '@lakewright/core';

/** Messages of one statement at most. */
const BATCH_MESSAGES = 500;
/** Bytes of all bodies of one statement at most, a single bigger one aside. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** UTF-16 units of a reason that are kept. */
const MAX_REASON_LENGTH = 2000;
/** An entry of the index of deduplication ids has 2,704 bytes at most, the queue's name among them. */
const MAX_DEDUPLICATION_BYTES = 2048;

/**
 * The messages in groups that are sent by one statement each. Throws LimitError (`maxMessageBytes`) for a
 * body that is too big and BadInputError for one that is
 * empty (SQS takes none either) or that PostgreSQL cannot hold, before anything is sent.
 */
export function batches(messages: readonly OutgoingMessage[], maxMessageBytes: number): OutgoingMessage[][] {
  const groups: OutgoingMessage[][] = [];
  let group: OutgoingMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = checkedBytes(message, maxMessageBytes);
    if (group.length === BATCH_MESSAGES || (group.length > 0 && bytes + size > BATCH_BYTES)) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(message);
    bytes += size;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** A reason as PostgreSQL can hold it: no NUL, no lone surrogates, not too long. */
export function storableReason(reason: string): string {
  return reason.slice(0, MAX_REASON_LENGTH).toWellFormed().replaceAll('\0', '\ufffd');
}

function checkedBytes({ body, deduplicationId: id }: OutgoingMessage, maxMessageBytes: number): number {
  const size = Buffer.byteLength(body);
  if (size > maxMessageBytes) {
    throw new LimitError(
      'maxMessageBytes',
      `a message has ${size} bytes; the queue takes ${maxMessageBytes} at most`,
      { hint: 'put what is bigger into an object and send its key' },
    );
  }
  if (body === '' || !isStorable(body)) {
    throw new BadInputError('a message is empty, holds a NUL or is not valid Unicode', {
      hint: 'encode it as JSON',
    });
  }
  if (id !== undefined && (id === '' || !isStorable(id) || Buffer.byteLength(id) > MAX_DEDUPLICATION_BYTES)) {
    throw new BadInputError(
      `a deduplication id is empty, longer than ${MAX_DEDUPLICATION_BYTES} bytes, or holds a NUL or half a character`,
      { hint: 'use a hash of what makes the message the same' },
    );
  }
  return size;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
