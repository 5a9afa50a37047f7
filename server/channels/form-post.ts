// One form, posted on a connection of its own: no redirects, and a small answer.
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** Characters of an answer that are read. */
const answerCap = 65_536;

/** Rejects when there is no whole answer, when it is too long, and with `signal`. */
export async function postForm(
  url: URL,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  const body = new URLSearchParams(form).toString();
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    accept: 'application/json',
  };
  const options = { method: 'POST', headers, signal, agent: false } as const;
  const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
  const response = await answerTo(request, body);
  return { status: response.statusCode ?? 0, body: await textOf(response) };
}

function answerTo(request: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.end(body);
  });
}

/** Leaving the loop early destroys the response, and its connection with it. */
async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    chunks.push(bytes);
    length += bytes.length;
    if (length > answerCap) throw new Error('the answer is too long');
  }
  return Buffer.concat(chunks).toString();
}
