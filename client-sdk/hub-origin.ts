/** The hub origin (contract section 3: scheme, host, port; no path, no trailing slash) from what people configure, type or scan. */
import { VerihubError } from './errors.ts';

// Not `new URL()`: React Native's own URL leaves out `origin` and `port`.
const originPattern = /^(https?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?\/?$/i;
const defaultPorts: Record<string, string> = { http: '80', https: '443' };

/** Throws `invalid-argument` when the text is not an http(s) origin. */
export function parseHubOrigin(text: string): string {
  const match = originPattern.exec(text.trim());
  if (!match)
    throw new VerihubError('invalid-argument', {
      detail: `"${text}" is not an origin such as https://verify.example.com`,
    });
  const scheme = (match[1] ?? '').toLowerCase();
  const host = (match[2] ?? '').toLowerCase();
  const port = match[3];
  return port === undefined || port === defaultPorts[scheme] ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}

/** True for https, and for http to this machine only (as browsers treat it: a secure context). */
export function isTrustworthyOrigin(origin: string): boolean {
  return (
    origin.startsWith('https://') ||
    /^http:\/\/(localhost|[a-z0-9-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(origin)
  );
}

/** Splits `<hub origin>/enroll#<token>` (contract section 4). */
export function parseEnrollmentUri(uri: string): { hub: string; enrollmentToken: string } {
  const match = /^(https?:\/\/[^/?#]+)\/enroll#([A-Za-z0-9._~-]+)$/.exec(uri.trim());
  if (!match) throw new VerihubError('invalid-argument', { detail: 'this is not an enrollment link (…/enroll#…)' });
  return { hub: parseHubOrigin(match[1] ?? ''), enrollmentToken: match[2] ?? '' };
}
