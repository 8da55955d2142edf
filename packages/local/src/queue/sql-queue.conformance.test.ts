import type { Sql } from '@lakewright/core';
import { queueSuite } from '../../../core/test/queue-suite.ts';
import { describeDatabases } from '../../test/adapters.ts';
import { sqlQueue } from '../index.ts';

describeDatabases('the queue in a database', (empty) => {
  queueSuite('sqlQueue', {
    async open(options) {
      const sql: Sql = await empty();
      const open = () => sqlQueue(sql, { name: 'suite', ...options });
      return { queue: await open(), again: open, close: async () => undefined };
    },
    capabilities: {
      deduplication: true,
      fencing: true,
      deadLettersInFull: true,
      idOutlivesRedrive: true,
      countsAreExact: true,
    },
  });
});
