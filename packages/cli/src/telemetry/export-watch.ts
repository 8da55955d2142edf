import type { Clock, Logger } from '@lakewright/core';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';

/** Between two remarks that nothing can be exported. */
const REMARK_MS = 300_000;

/** How an exporter of OpenTelemetry takes what it is to send. */
interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void;
}

/**
 * Notices when exports begin to fail and when they work again, and says so in the service's own log, which is not
 * exported: once at the beginning, and then every five minutes.
 */
export class ExportWatch {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #count: (outcome: 'sent' | 'failed') => void;
  #failures = 0;
  #remarkedAtMs = 0;

  constructor(options: { logger: Logger; clock: Clock; count: (outcome: 'sent' | 'failed') => void }) {
    this.#logger = options.logger;
    this.#clock = options.clock;
    this.#count = options.count;
  }

  /** The same exporter, watched. */
  over<Items, E extends Exporter<Items>>(exporter: E): E {
    const send = exporter.export.bind(exporter);
    exporter.export = (items, done) =>
      send(items, (result) => {
        this.#saw(result);
        done(result);
      });
    return exporter;
  }

  #saw({ code, error }: ExportResult): void {
    if (code === ExportResultCode.SUCCESS) {
      this.#count('sent');
      if (this.#failures > 0) {
        this.#logger.log('info', 'telemetry is exported again', { failures: this.#failures });
      }
      this.#failures = 0;
      return;
    }
    this.#count('failed');
    const now = this.#clock.now();
    if (this.#failures++ === 0 || now - this.#remarkedAtMs >= REMARK_MS) {
      this.#remarkedAtMs = now;
      this.#logger.log('warn', 'telemetry cannot be exported', { failures: this.#failures, error });
    }
  }
}
