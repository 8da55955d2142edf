import { NotFoundError } from '@lakewright/core';
import { RequestError } from '../errors.ts';
import { errorBody, statusOf } from '../http/error-body.ts';

/** An error that Iceberg's clients know by its `type`. */
export class CatalogError extends RequestError {
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(status, 'ICEBERG', message);
    this.type = type;
  }
}

export const noSuchNamespace = (name: string) =>
  new CatalogError(404, 'NoSuchNamespaceException', `there is no namespace ${JSON.stringify(name)}`);

export const noSuchTable = (name: string) =>
  new CatalogError(404, 'NoSuchTableException', `there is no table ${JSON.stringify(name)}`);

export const badRequest = (message: string) => new CatalogError(400, 'BadRequestException', message);

/** 406 is what the specification has for what a server does not do. */
export const unsupported = (what: string) =>
  new CatalogError(406, 'UnsupportedOperationException', `${what}: this catalog is read-only`);

const TYPES: Readonly<Record<number, string>> = {
  400: 'BadRequestException',
  401: 'NotAuthorizedException',
  403: 'ForbiddenException',
  404: 'NotFoundException',
  503: 'ServiceUnavailableException',
};

/** The specification's ErrorModel. */
export interface CatalogErrorBody {
  readonly error: { readonly message: string; readonly type: string; readonly code: number };
}

/** What a client of the catalog is told of `error`. */
export function catalogErrorBody(error: unknown): CatalogErrorBody {
  // What the store lost is a fault here, and not an answer about the table that was asked for.
  const code = error instanceof NotFoundError ? 500 : statusOf(error);
  const { message, hint } = errorBody(error).error;
  const type = error instanceof CatalogError ? error.type : (TYPES[code] ?? 'InternalServerError');
  return { error: { message: hint === undefined ? message : `${message}: ${hint}`, type, code } };
}
