// Who may speak to the socket server at all: every request and upgrade is looked at, not only the first of a connection.
import type { IncomingMessage } from 'node:http';
import { ProblemError } from '../core/errors.ts';

/** Names under which clients put credentials into a URL, where proxies log them; compared in lower case. */
const credentialNames = new Set(
  'token auth authorization access_token accesstoken waitertoken devicetoken enrollmenttoken jwt jws bearer apikey api_key key secret password'.split(
    ' ',
  ),
);
/** Begins like a JWS, an API key, an enrollment or a trust token (contract section 3). */
const credentialLooks = /^(eyJ|vh_|enr_|tru_|Bearer )/;

export interface Screened {
  problem?: ProblemError;
  /** No session yet: this request begins a connection. */
  isHandshake: boolean;
}

export interface ScreenSettings {
  origins: ReadonlySet<string>;
  /** What the connection with this id uses; undefined: there is none. */
  transportOf: (sid: string) => string | undefined;
}

/**
 * Socket.IO's `cors` does not guard upgrades, and its `allowRequest` is asked once per connection and can only answer an
 * upgrade with 400: both reasons to look here (security.md T1, T3). What Engine.IO would refuse is refused here too, because
 * its own answers are neither problems nor have an id (contract section 2).
 */
export function screenRequest(request: IncomingMessage, isUpgrade: boolean, settings: ScreenSettings): Screened {
  // Parsed as Engine.IO does it, which also takes the last of several.
  const query = new URL(request.url ?? '', 'https://hub.invalid').searchParams;
  const asked = { query: new Map(query), method: request.method, isUpgrade };
  const isHandshake = (asked.query.get('sid') ?? '') === '';
  const problem =
    foreignOrigin(request, settings) ?? credentialIn(query) ?? wrongMethod(asked) ?? protocolFault(asked, settings);
  return problem === undefined ? { isHandshake } : { isHandshake, problem };
}

function foreignOrigin(
  { headers: { origin } }: IncomingMessage,
  { origins }: ScreenSettings,
): ProblemError | undefined {
  if (origin === undefined || origins.has(origin)) return undefined;
  return new ProblemError('origin-not-allowed', 'This web origin may not connect to this hub.');
}

function credentialIn(query: URLSearchParams): ProblemError | undefined {
  for (const [name, value] of query) {
    if (!credentialNames.has(name.toLowerCase()) && !credentialLooks.test(value)) continue;
    const detail = 'A credential was sent in the URL, where it may be logged. Send it as `auth.token`, and replace it.';
    return new ProblemError('forbidden', detail);
  }
  return undefined;
}

interface Asked {
  query: ReadonlyMap<string, string>;
  method: string | undefined;
  isUpgrade: boolean;
}

function wrongMethod({ method }: Asked): ProblemError | undefined {
  if (method === 'GET' || method === 'POST') return undefined;
  return new ProblemError('method-not-allowed', 'Socket.IO clients fetch with GET and send with POST.');
}

/** Status 400, as from Engine.IO itself: clients take any refusal for a broken transport, and connect again. */
function protocolFault(asked: Asked, settings: ScreenSettings): ProblemError | undefined {
  const detail = versionFault(asked) ?? transportFault(asked) ?? sessionFault(asked, settings);
  return detail === undefined ? undefined : new ProblemError('malformed', detail);
}

function versionFault({ query }: Asked): string | undefined {
  return query.get('EIO') === '4' ? undefined : 'Send `EIO=4`: clients of Socket.IO 3 and later do.';
}

function transportFault({ query, isUpgrade }: Asked): string | undefined {
  const transport = query.get('transport');
  if (transport !== 'polling' && transport !== 'websocket') return '`transport` must be `polling` or `websocket`.';
  if (isUpgrade === (transport === 'websocket')) return undefined;
  return isUpgrade
    ? 'A WebSocket needs `transport=websocket`.'
    : 'This is no WebSocket handshake. Perhaps a proxy took its `Upgrade` header away; `transport=polling` needs none.';
}

function sessionFault({ query, method, isUpgrade }: Asked, { transportOf }: ScreenSettings): string | undefined {
  const sid = query.get('sid') ?? '';
  if (sid === '') return method === 'GET' ? undefined : 'A connection begins with GET.';
  const current = transportOf(sid);
  if (current === undefined) return 'There is no connection with this `sid` on this node. Connect again without it.';
  if (!isUpgrade && current !== query.get('transport')) return 'This connection has moved to another transport.';
  return undefined;
}
