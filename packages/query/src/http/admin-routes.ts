import { NotFoundError } from '@lakewright/core';
import type { DeadLetter, LakeAdmin, LakeStatus, ServiceSummary } from '@lakewright/lake';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RequestError } from '../errors.ts';
import { formatTime } from './time.ts';
import { integerJson } from './values.ts';

/** The routes by which an operator sees and mends one organization's lake. */
export function addAdminRoutes(
  app: FastifyInstance,
  admin: LakeAdmin,
  organizationOf: (request: FastifyRequest) => string,
): void {
  app.get('/api/v1/services', async (request) => ({
    services: (await admin.services(organizationOf(request))).map(serviceJson),
  }));
  app.get('/api/v1/status', async (request) => statusJson(await admin.status(organizationOf(request))));
  app.get('/api/v1/dead-letters', async (request) => ({
    deadLetters: (await admin.deadLetters(organizationOf(request))).map(deadLetterJson),
  }));
  app.get('/api/v1/dead-letters/:id', async (request) =>
    deadLetterJson(await findDeadLetter(admin, organizationOf(request), idOf(request))),
  );
  app.post('/api/v1/dead-letters/:id/replay', async (request) => {
    const organization = organizationOf(request);
    const { id } = await findDeadLetter(admin, organization, idOf(request));
    return { outcome: await admin.replay(organization, id) };
  });
  app.get('/api/v1/sweep', (request) => admin.sweep(organizationOf(request), { dryRun: true }));
  app.post('/api/v1/sweep', (request) => admin.sweep(organizationOf(request), { dryRun: false }));
}

function idOf(request: FastifyRequest): bigint {
  const { id } = request.params as { id: string };
  if (!/^\d{1,19}$/.test(id) || BigInt(id) >= 2n ** 63n) {
    throw new RequestError(400, 'BAD_REQUEST', `${JSON.stringify(id)} is not the id of a dead letter`);
  }
  return BigInt(id);
}

async function findDeadLetter(admin: LakeAdmin, organization: string, id: bigint): Promise<DeadLetter> {
  const letter = await admin.deadLetter(organization, id);
  if (letter === undefined) throw new NotFoundError(`there is no dead letter ${id}`);
  return letter;
}

const serviceJson = ({ service, tables, lastSeenNs }: ServiceSummary) => ({
  service,
  tables,
  lastSeen: formatTime(lastSeenNs),
  lastSeenNs: integerJson(lastSeenNs),
});

const optionalTime = (ns: bigint | null) => (ns === null ? null : formatTime(ns));
const optionalInteger = (ns: bigint | null) => (ns === null ? null : integerJson(ns));

const statusJson = ({ rawObjects, oldestPendingSeconds, tables }: LakeStatus) => ({
  rawObjects,
  oldestPendingSeconds,
  tables: tables.map(({ table, segments, rows, bytes, minTimeNs, maxTimeNs }) => ({
    table,
    segments,
    rows: integerJson(rows),
    bytes: integerJson(bytes),
    minTime: optionalTime(minTimeNs),
    minTimeNs: optionalInteger(minTimeNs),
    maxTime: optionalTime(maxTimeNs),
    maxTimeNs: optionalInteger(maxTimeNs),
  })),
});

const deadLetterJson = (letter: DeadLetter) => ({
  id: integerJson(letter.id),
  organization: letter.organization,
  signal: letter.signal,
  key: letter.key,
  etag: letter.etag,
  size: letter.size,
  arrived: formatTime(letter.arrivedNs),
  arrivedNs: integerJson(letter.arrivedNs),
  failed: formatTime(letter.failedNs),
  failedNs: integerJson(letter.failedNs),
  attempts: letter.attempts,
  reason: letter.reason,
});
