// The body of a request as JSON: bounded, strictly UTF-8, and `application/json` only.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ProblemError } from '../core/errors.ts';
import type { HubContext } from './hub-context.ts';

/** In bytes. The largest body that makes sense is a create with ten details, some 20 KB in the widest scripts. */
const bodyLimit = 65_536;

/** Undefined when there is none. @throws ProblemError `unsupported-media-type`, `too-large`, `unauthenticated`, `malformed` */
export async function readJson(ctx: HubContext): Promise<unknown> {
  const announced = announcesBody(ctx.req);
  if (announced) checkType(ctx);
  const bytes = announced ? await readBytes(ctx) : Buffer.alloc(0);
  checkHash(ctx, bytes);
  return bytes.length === 0 ? undefined : parseJson(bytes);
}

/** RFC 9112, section 6.3. */
function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function checkType(ctx: HubContext): void {
  if (!/^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(ctx.get('content-type'))) {
    throw new ProblemError('unsupported-media-type', 'Send the body as application/json in UTF-8.');
  }
  // A small body could unpack to a large one.
  if (!/^(identity)?$/i.test(ctx.get('content-encoding'))) {
    throw new ProblemError('unsupported-media-type', 'Send the body without a Content-Encoding.');
  }
}

async function readBytes(ctx: HubContext): Promise<Buffer> {
  if (Number(ctx.get('content-length')) > bodyLimit) throw tooLarge(ctx);
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Not destroyed on the way out: the refusal has to be sent over the same socket.
  const incoming: AsyncIterable<unknown> = ctx.req.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of incoming) {
      if (!(chunk instanceof Uint8Array)) continue;
      size += chunk.length;
      if (size > bodyLimit) break;
      chunks.push(chunk);
    }
  } catch {
    throw new ProblemError('malformed', 'The request ended before its body did.');
  }
  if (size > bodyLimit) throw tooLarge(ctx);
  return Buffer.concat(chunks);
}

/** What is still to come is not read: the connection ends with the reply. */
function tooLarge(ctx: HubContext): ProblemError {
  ctx.set('Connection', 'close');
  return new ProblemError('too-large', `A body may have at most ${bodyLimit} bytes.`);
}

/** Before anything of it is parsed: another body than the one that was signed is nobody's. */
function checkHash({ state }: HubContext, bytes: Buffer): void {
  if (state.bodyHash === undefined || state.bodyHash === createHash('sha256').update(bytes).digest('hex')) return;
  throw new ProblemError('unauthenticated', 'The body is not the one that was signed.');
}

function parseJson(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return value;
  } catch {
    throw new ProblemError('malformed', 'The body is not JSON in UTF-8.');
  }
}
