export * from './errors.ts';
export * from './tables.ts';
export * from './types.ts';
