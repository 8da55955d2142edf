export { createLakeAdmin } from './lake-admin.ts';
