export { type SqlQueue, type SqlQueueOptions, sqlQueue } from './sql-queue.ts';
