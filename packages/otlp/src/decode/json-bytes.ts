const HEX = new Uint8Array(512);
for (let i = 0; i < 256; i++) {
  HEX[i * 2] = '0123456789abcdef'.charCodeAt(i >> 4);
  HEX[i * 2 + 1] = '0123456789abcdef'.charCodeAt(i & 15);
}
const BASE64 = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** Builds text, mostly JSON, as UTF-8 bytes in one buffer that is used again and again. */
export class JsonBytes {
  bytes = new Uint8Array(1 << 12);
  length = 0;

  reset(): void {
    this.length = 0;
  }

  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** ASCII text as it is. */
  ascii(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i);
  }

  /** UTF-8 bytes as a JSON string, quotes included. */
  quoted(bytes: Uint8Array, start: number, end: number): void {
    // Six bytes (\u00XX) is the most that one byte can become.
    this.reserve((end - start) * 6 + 2);
    const out = this.bytes;
    let at = this.length;
    out[at++] = 0x22;
    for (let i = start; i < end; i++) {
      const byte = bytes[i];
      if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) {
        out[at++] = byte;
        continue;
      }
      out[at++] = 0x5c;
      if (byte === 0x22 || byte === 0x5c) out[at++] = byte;
      else if (byte === 0x0a) out[at++] = 0x6e;
      else if (byte === 0x0d) out[at++] = 0x72;
      else if (byte === 0x09) out[at++] = 0x74;
      else {
        out[at++] = 0x75;
        out[at++] = 0x30;
        out[at++] = 0x30;
        out[at++] = HEX[byte * 2];
        out[at++] = HEX[byte * 2 + 1];
      }
    }
    out[at++] = 0x22;
    this.length = at;
  }

  /** Lower-case hex digits. */
  hex(bytes: Uint8Array, start: number, end: number): void {
    this.reserve((end - start) * 2);
    const out = this.bytes;
    let at = this.length;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] * 2;
      out[at++] = HEX[byte];
      out[at++] = HEX[byte + 1];
    }
    this.length = at;
  }

  /** Standard base64 with padding. */
  base64(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(Math.ceil((end - start) / 3) * 4);
    for (let i = start; i < end; i += 3) {
      const left = end - i;
      const group = (bytes[i] << 16) | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
      this.bytes[this.length++] = BASE64[group >> 18];
      this.bytes[this.length++] = BASE64[(group >> 12) & 63];
      this.bytes[this.length++] = left > 1 ? BASE64[(group >> 6) & 63] : 0x3d;
      this.bytes[this.length++] = left > 2 ? BASE64[group & 63] : 0x3d;
    }
  }

  /** A signed 64-bit integer in decimal, exact. */
  int64(lo: number, hi: number): void {
    const high = hi | 0;
    if (high >= -0x200000 && high < 0x200000) this.ascii(String(high * 0x1_0000_0000 + lo));
    else this.ascii(String((BigInt(high) << 32n) | BigInt(lo)));
  }

  /** An unsigned 64-bit integer in decimal, exact. */
  uint64(lo: number, hi: number): void {
    if (hi < 0x200000) this.ascii(String(hi * 0x1_0000_0000 + lo));
    else this.ascii(String((BigInt(hi) << 32n) | BigInt(lo)));
  }

  /** A double as the shortest text that reads back equal; NaN and infinities by their names. */
  double(value: number): void {
    this.ascii(Object.is(value, -0) ? '-0' : String(value));
  }

  /** A double as a JSON value that stays a double: `1.0`, and `"NaN"` where JSON has no number. */
  jsonDouble(value: number): void {
    if (!Number.isFinite(value)) {
      this.ascii(`"${value}"`);
      return;
    }
    this.double(value);
    if (Number.isInteger(value) && Math.abs(value) < 1e21) this.ascii('.0');
  }
}
