/** What an Export*ServiceResponse says about records that were not stored. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

const utf8 = new TextDecoder();

/**
 * Reads an Export{Logs,Trace,Metrics}ServiceResponse: field 1 partial_success, in it field 1 the number of
 * rejected records and field 2 the message, the same for all three signals. Anything that is not such a
 * response counts as no partial success: the status has already said that the request was taken.
 */
export function partialSuccess(response: Uint8Array): PartialSuccess {
  let rejected = 0;
  let message = '';
  const outer = fields(response);
  for (const { number, bytes } of outer) {
    if (number !== 1 || bytes === undefined) continue;
    for (const inner of fields(bytes)) {
      if (inner.number === 1) rejected = inner.value;
      if (inner.number === 2 && inner.bytes !== undefined) message = utf8.decode(inner.bytes);
    }
  }
  return { rejected, message };
}

interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array | undefined;
}

/** The varint and length-delimited fields up to the first thing that is neither. */
function fields(message: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    while (at < message.length) {
      const byte = message[at++];
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.trunc(tag / 8);
    if (tag % 8 === 0) found.push({ number, value: varint(), bytes: undefined });
    else if (tag % 8 === 2) {
      const length = varint();
      found.push({ number, value: 0, bytes: message.subarray(at, at + length) });
      at += length;
    } else break;
  }
  return found;
}
