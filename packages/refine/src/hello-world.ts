import type { Handler } from './handler.ts';

const COPIES = 2;

/** Writes two copies of every object: the least that shows the whole path, and a start for a handler. */
export const helloWorld: Handler = async (input, put, { logger }) => {
  logger.log('info', 'read', { key: input.key });
  const outputs = await Promise.all(Array.from({ length: COPIES }, () => put({ body: input.body })));
  for (const key of outputs) logger.log('info', 'wrote', { key });
  return outputs;
};
