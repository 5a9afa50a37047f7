// Reads the small JSON bodies that the bank's own pages send, and refuses what a foreign site could make a browser send.
import type { Context } from 'koa';

const maximumBytes = 16_384;

/** A refusal with its HTTP status; the text is for a person. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Throws `RefusedRequest`: 403 for another site's request, 415, 413, 400. */
export async function readJsonBody(context: Context): Promise<Record<string, unknown>> {
  refuseOtherSites(context);
  if (!context.is('application/json')) throw new RefusedRequest(415, 'This page is out of date. Load it again.');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of context.req) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > maximumBytes) throw new RefusedRequest(413, 'That is too long.');
    chunks.push(chunk);
  }
  return parsed(Buffer.concat(chunks).toString('utf8'));
}

/** The session cookie is SameSite=Strict; this holds for browsers that do not know it (Fetch Metadata). */
export function refuseOtherSites(context: Context): void {
  const site = context.get('sec-fetch-site');
  if (site !== '' && site !== 'same-origin')
    throw new RefusedRequest(403, 'This may only be done from the bank itself.');
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Told below.
  }
  throw new RefusedRequest(400, 'This page is out of date. Load it again.');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
