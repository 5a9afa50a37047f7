// Which requests are the socket server's, and which of them leave HTTP for good.
import type { IncomingMessage } from 'node:http';

/** Socket.IO's own default, which its clients expect. */
export const socketPath = '/socket.io/';

export function isForSockets({ url = '' }: Pick<IncomingMessage, 'url'>): boolean {
  return url.startsWith(socketPath);
}

/**
 * A server may ignore `Upgrade`, and must over HTTP/1.0 (RFC 9110 section 7.8). Ignored, an `Upgrade: h2c` as Java's HttpClient sends
 * it with every request is answered in HTTP/1.1; as an upgrade, Node would hand it to Engine.IO, which lets it hang and hangs up.
 */
export function isSocketUpgrade(request: IncomingMessage): boolean {
  const { method, headers, httpVersion } = request;
  const isWebSocket = headers.upgrade?.toLowerCase() === 'websocket';
  return isWebSocket && method === 'GET' && httpVersion === '1.1' && isForSockets(request);
}
