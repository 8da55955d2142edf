export * from './duration.ts';
export * from './errors.ts';
export * from './ids.ts';
export * from './log.ts';
export * from './ports.ts';
export * from './signals.ts';
