// Bytes over a bare socket: requests that no HTTP client would send.
import { connect } from 'node:net';

/** The first reply, whole; or what came before the hub closed. */
export async function sendRaw(url: string, bytes: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  const deadline = setTimeout(() => socket.destroy(), 4_000);
  let text = '';
  try {
    for await (const chunk of socket) {
      text += String(chunk);
      if (hasWholeReply(text)) break;
    }
  } catch {
    // Reset by the hub: what came before counts.
  } finally {
    clearTimeout(deadline);
    socket.destroy();
  }
  return text;
}

/** Sends, and goes away without waiting for anything. */
export async function sendAndLeave(url: string, bytes: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(bytes, () => resolve());
  });
  socket.resetAndDestroy();
}

function hasWholeReply(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(text)?.[1] ?? '0';
  return end > 0 && Buffer.byteLength(text.slice(end + 4)) >= Number(length);
}
