import { Agent, request } from 'node:http';

export interface Post {
  readonly status: number;
  readonly body: string;
  readonly milliseconds: number;
}

/** An HTTP client that keeps `connections` open and sends protobuf bodies. */
export function loadClient(
  url: string,
  connections: number,
): { post(path: string, body: Uint8Array): Promise<Post>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    post(path, body) {
      const start = performance.now();
      return new Promise((resolve, reject) => {
        const sent = request(
          `${url}${path}`,
          {
            agent,
            method: 'POST',
            headers: { 'content-type': 'application/x-protobuf', 'content-length': body.length },
          },
          (response) => {
            let text = '';
            response.setEncoding('utf8');
            response.on('data', (chunk: string) => {
              text += chunk;
            });
            response.on('end', () =>
              resolve({
                status: response.statusCode ?? 0,
                body: text,
                milliseconds: performance.now() - start,
              }),
            );
          },
        );
        sent.on('error', reject);
        sent.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}
