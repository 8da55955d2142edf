import type { IcebergPublisher, PublishedTable } from '@lakewright/lake';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The route by which an operator publishes an organization's tables at once. */
export function addPublishRoute(
  app: FastifyInstance,
  publisher: Pick<IcebergPublisher, 'publish'>,
  organizationOf: (request: FastifyRequest) => string,
): void {
  app.post('/api/v1/iceberg/publish', async (request) => {
    const tables = await publisher.publish({ organization: organizationOf(request) });
    return { tables: tables.map(publishedJson) };
  });
}

const publishedJson = ({ organization, ...table }: PublishedTable) => ({
  ...table,
  operation: table.operation ?? null,
});
