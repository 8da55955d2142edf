export * from './network.ts';
export * from './reader.ts';
export * from './storage.ts';
