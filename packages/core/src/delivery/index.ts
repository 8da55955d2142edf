export { Backoff } from './backoff.ts';
export * from './notifications.ts';
export * from './scanner.ts';
export { Waker } from './waker.ts';
