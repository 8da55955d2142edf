export * from './account.ts';
export * from './stacks.ts';
