import { afterAll, beforeAll } from 'vitest';
import { type Moto, startMoto } from '../../../../test/support/moto.ts';
import { queueSuite } from '../../../core/test/queue-suite.ts';
import { newQueue } from '../../test/moto-services.ts';
import { sqsQueue } from '../index.ts';

let moto: Moto;

beforeAll(async () => {
  moto = await startMoto();
  Object.assign(process.env, moto.env);
});
afterAll(async () => {
  await moto.stop();
});

queueSuite('sqsQueue', {
  async open({ visibilityMs, maxReceives }) {
    const { name } = await newQueue(moto.url, { visibilitySeconds: visibilityMs / 1000, maxReceives });
    const again = () => sqsQueue({ queueName: name });
    return { queue: await again(), again, close: async () => undefined };
  },
  capabilities: {
    deduplication: false,
    fencing: false,
    deadLettersInFull: false,
    idOutlivesRedrive: false,
    countsAreExact: false,
  },
});
