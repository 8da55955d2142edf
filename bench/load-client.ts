import { Agent, request } from 'node:http';

export interface Post {
  readonly status: number;
  readonly body: string;
  readonly milliseconds: number;
}

export interface LoadClient {
  /** Sends protobuf. */
  post(path: string, body: Uint8Array): Promise<Post>;
  put(path: string, body: Uint8Array, contentType: string): Promise<Post>;
  close(): void;
}

/** An HTTP client that keeps `connections` open. */
export function loadClient(url: string, connections: number): LoadClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const send = (method: string, path: string, body: Uint8Array, contentType: string): Promise<Post> => {
    const start = performance.now();
    const headers = { 'content-type': contentType, 'content-length': body.length };
    return new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { agent, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const milliseconds = performance.now() - start;
          resolve({ status: response.statusCode ?? 0, body: text, milliseconds });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  };
  return {
    post: (path, body) => send('POST', path, body, 'application/x-protobuf'),
    put: (path, body, contentType) => send('PUT', path, body, contentType),
    close: () => agent.destroy(),
  };
}
