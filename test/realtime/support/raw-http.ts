// Plain HTTP and upgrades without a Socket.IO client, for what a well-behaved one would never send.
import { request, type IncomingHttpHeaders } from 'node:http';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface RawRequest {
  path: string;
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
}

/** An upgrade that is taken answers 101 and is cut off at once. */
export function rawRequest(url: string, { path, method = 'GET', headers = {}, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, agent: false });
    sent.on('error', reject);
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    });
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      response.on('error', reject);
    });
    sent.end(body);
  });
}

export const upgradeHeaders = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const;

/** Begins a polling session by hand. */
export async function openPolling(url: string, headers: Record<string, string> = {}): Promise<string> {
  const { body } = await rawRequest(url, { path: '/socket.io/?EIO=4&transport=polling', headers });
  const { sid } = JSON.parse(body.slice(1)) as { sid: string };
  return sid;
}
