/** What one dropped object may cost. Every limit has its own error, which names it. */
export interface FormatLimits {
  /**
   * Bytes of one object after decompression. Decompression stops there, so that a bomb costs this much
   * memory and no more.
   */
  readonly maxObjectBytes: number;
  /**
   * Bytes of one NDJSON line, one JSON document or one CSV row. An OTLP/JSON request may be longer: the
   * OpenTelemetry Collector writes a whole batch on one line.
   */
  readonly maxLineBytes: number;
}

export const FORMAT_LIMITS: FormatLimits = {
  maxObjectBytes: 512 * 1024 * 1024,
  maxLineBytes: 1024 * 1024,
};
