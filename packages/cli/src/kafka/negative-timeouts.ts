const NAME = 'TimeoutNegativeWarning';

/**
 * KafkaJS sets its first timer of a connection into the past, of which Node.js 24 warns on stderr though nothing is
 * wrong (tulios/kafkajs#1751). Leaves that one warning out until the function it returns is called.
 */
export function leaveOutNegativeTimeouts(): () => void {
  const { emitWarning } = process;
  process.emitWarning = (...given: unknown[]) => {
    if (given[1] !== NAME) Reflect.apply(emitWarning, process, given);
  };
  return () => {
    process.emitWarning = emitWarning;
  };
}
