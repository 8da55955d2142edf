import { ApiError, UnreachableError } from './errors.ts';

const SOMETHING_ELSE = 'is something else listening at that address? --url names the query API';

/** One column of a query's answer. */
export interface AnswerColumn {
  readonly name: string;
  readonly type: string;
}

/** The answer to a SQL query as the server's JSON has it. */
export interface SqlAnswer {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly (readonly unknown[])[];
  readonly stats: Readonly<Record<string, unknown>>;
}

export interface SqlRequest {
  readonly query: string;
  readonly start?: string;
  readonly end?: string;
  readonly limit?: number;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream<Uint8Array>;
}

/** The HTTP API of a running lake. */
export interface ApiClient {
  readonly url: string;
  /** A JSON answer. `path` starts with a slash. Throws ApiError or UnreachableError. */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  sql(request: SqlRequest): Promise<SqlAnswer>;
  /** Any other request: its answer, which is no error. */
  send(method: Method, path: string, options?: SendOptions): Promise<Response>;
  /** A SQL answer in another media type, as it arrives. */
  sqlStream(request: SqlRequest, accept: string): Promise<AsyncIterable<Uint8Array>>;
}

/**
 * Talks to the API at `url`. The key goes into the Authorization header and nowhere else; `signal` ends
 * what is under way.
 */
export function apiClient(
  url: string,
  { apiKey, signal }: { apiKey?: string; signal?: AbortSignal } = {},
): ApiClient {
  const base = url.replace(/\/+$/, '');
  const authorization: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {};

  const send = async (method: Method, path: string, options: SendOptions = {}): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(base + path, {
        method,
        headers: { ...authorization, ...options.headers },
        body: options.body,
        // A stream is sent while the answer is not there yet, and fetch wants that said.
        ...(options.body instanceof ReadableStream ? { duplex: 'half' } : {}),
        signal,
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new UnreachableError(base, { cause: error });
    }
    if (!response.ok) throw await apiError(response, method, base + path);
    return response;
  };

  const ask = (method: Method, path: string, accept: string, body?: unknown): Promise<Response> =>
    send(
      method,
      path,
      body === undefined
        ? { headers: { accept } }
        : { headers: { accept, 'content-type': 'application/json' }, body: JSON.stringify(body) },
    );

  const json = async <T>(method: Method, path: string, body?: unknown): Promise<T> => {
    const response = await ask(method, path, 'application/json', body);
    const text = await response.text();
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new ApiError(response.status, 'BAD_ANSWER', `${base + path} did not answer in JSON`, {
        hint: SOMETHING_ELSE,
      });
    }
  };

  return {
    url: base,
    get: (path) => json('GET', path),
    post: (path, body) => json('POST', path, body),
    send,
    sql: (request) => json('POST', '/api/v1/sql', request),
    async sqlStream(request, accept) {
      const response = await ask('POST', '/api/v1/sql', accept, request);
      return response.body ?? (async function* () {})();
    },
  };
}

interface ErrorBody {
  error?: { code?: string; message?: string; position?: number; hint?: string };
}

async function apiError(response: Response, method: string, url: string): Promise<ApiError> {
  const text = await response.text();
  let body: ErrorBody | undefined;
  try {
    body = JSON.parse(text) as ErrorBody;
  } catch {
    body = undefined;
  }
  const { code, message, position, hint } = body?.error ?? {};
  const where = position === undefined ? '' : ` (at character ${position})`;
  return new ApiError(
    response.status,
    code ?? `HTTP_${response.status}`,
    message === undefined ? `${method} ${url} answered ${response.status}` : message + where,
    { hint: hintFor(response.status, message === undefined, hint) },
  );
}

/** The server's hint, except where this program has another way to do what it says. */
function hintFor(status: number, foreign: boolean, hint: string | undefined): string | undefined {
  if (status === 401) return 'put a valid API key into LAKEWRIGHT_API_KEY';
  return foreign ? SOMETHING_ELSE : hint;
}
