import { isUtf8 } from 'node:buffer';

/** Above this many bytes the native check is faster than a loop, whatever the text. */
const LOOP_BYTES = 48;

/** Whether `bytes[start..end)` is valid UTF-8. Short ASCII, which most telemetry is, costs no call. */
export function validUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > LOOP_BYTES) return isUtf8(bytes.subarray(start, end));
  for (let i = start; i < end; i++) {
    if (bytes[i] > 127) return isUtf8(bytes.subarray(i, end));
  }
  return true;
}
