import { CompressionError } from '../errors.ts';

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
/** What a block decompresses to, at most. */
const MAX_BLOCK_BYTES = 128 * 1024;

/** One frame of zstd data. */
export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  /** Bytes that it decompresses to at most: as many as its header says, or as its blocks can hold. */
  readonly plainBytesAtMost: number;
}

/**
 * Where the frames of zstd data are, without the skippable ones (RFC 8878, section 3.1). Node.js decodes the
 * first frame and silently drops the rest, so whoever decodes takes them one by one.
 * Throws CompressionError where the data is cut off or is something else.
 */
export function zstdFrames(bytes: Uint8Array): ZstdFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: ZstdFrame[] = [];
  let at = 0;
  do {
    if (at + 8 > bytes.length) throw cutOff(at);
    const magic = view.getUint32(at, true);
    if (magic === FRAME) {
      const frame = frameAt(view, at);
      frames.push(frame);
      at = frame.end;
    } else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      at += 8 + view.getUint32(at + 4, true);
      if (at > bytes.length) throw cutOff(bytes.length);
    } else throw new CompressionError(`not valid zstd: no frame starts at byte ${at}`);
  } while (at < bytes.length);
  return frames;
}

function frameAt(view: DataView, start: number): ZstdFrame {
  const descriptor = view.getUint8(start + 4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeBytes = descriptor >> 6 === 0 && singleSegment ? 1 : CONTENT_SIZE_BYTES[descriptor >> 6];
  const sizeAt = start + 5 + (singleSegment ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3];
  let at = sizeAt + sizeBytes;
  let blocks = 0;
  for (let last = false; !last; ) {
    if (at + 3 > view.byteLength) throw cutOff(view.byteLength);
    const header = view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16);
    last = (header & 1) !== 0;
    blocks++;
    const type = (header >> 1) & 3;
    if (type === 3) throw new CompressionError(`not valid zstd: a block of an unknown kind at byte ${at}`);
    // A run-length block holds one byte, however long the run.
    at += 3 + (type === 1 ? 1 : header >> 3);
  }
  if ((descriptor & 4) !== 0) at += 4;
  if (at > view.byteLength) throw cutOff(view.byteLength);
  const inBlocks = blocks * MAX_BLOCK_BYTES;
  return {
    start,
    end: at,
    plainBytesAtMost: sizeBytes === 0 ? inBlocks : Math.min(inBlocks, contentSize(view, sizeAt, sizeBytes)),
  };
}

/** RFC 8878, section 3.1.1.1.4. */
function contentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  return bytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

function cutOff(at: number): CompressionError {
  return new CompressionError(`not valid zstd: it ends at byte ${at}, inside a frame`);
}
