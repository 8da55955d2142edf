export { type DataLock, lockDataDirectory } from './data-lock.ts';
export { embeddedSql } from './embedded-sql.ts';
export * from './errors.ts';
export { FileObjectStore } from './file-object-store.ts';
export { postgresSql } from './postgres-sql.ts';
export * from './queue/index.ts';
export { localSecrets } from './secrets/local-secrets.ts';
