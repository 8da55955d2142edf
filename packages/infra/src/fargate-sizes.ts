const GIB = 1024;

/**
 * What Fargate has, by CPU units: MiB of memory, from, to and in which steps.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
 */
const MEMORY: Readonly<Record<number, { from: number; to: number; step: number }>> = {
  512: { from: GIB, to: 4 * GIB, step: GIB },
  1024: { from: 2 * GIB, to: 8 * GIB, step: GIB },
  2048: { from: 4 * GIB, to: 16 * GIB, step: GIB },
  4096: { from: 8 * GIB, to: 30 * GIB, step: GIB },
  8192: { from: 16 * GIB, to: 60 * GIB, step: 4 * GIB },
  16384: { from: 32 * GIB, to: 120 * GIB, step: 8 * GIB },
};

const SMALLEST = { cpu: 256, memory: [512, GIB, 2 * GIB] };

/** Whether Fargate runs tasks of so many CPU units and MiB. */
export function isFargateSize(cpu: number, memoryMib: number): boolean {
  if (cpu === SMALLEST.cpu) return SMALLEST.memory.includes(memoryMib);
  const sizes = MEMORY[cpu];
  if (sizes === undefined || memoryMib < sizes.from || memoryMib > sizes.to) return false;
  return (memoryMib - sizes.from) % sizes.step === 0;
}
