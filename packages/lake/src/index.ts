export * from './cook/index.ts';
export * from './errors.ts';
export * from './formats/index.ts';
export * from './tables.ts';
export * from './types.ts';
