// Kinds of value that name a place: origins, URLs, hosts, networks and the store.
import { webhookUrlFault } from '../core/webhook-endpoint.ts';
import { bad, good, matching, type Kind, type Read } from './kinds.ts';

export type StoreUrl =
  | { kind: 'sqlite'; file: string }
  | { kind: 'redis'; url: string }
  | { kind: 'redis-cluster'; nodes: { host: string; port: number }[] };

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';

/** Lower-case letters only, so that a domain has one spelling (it is compared as text in SMS, WebOTP). */
export const domain = matching(
  'host name',
  new RegExp(`^(?=.{1,253}$)(?!.*(^|\\.)\\d+$)${label}(\\.${label})*$`),
  'give a host name in lower case, without scheme, port and path, e.g. login.example.com',
);

/** What a server can listen on: a host name or an IP address without brackets. */
export const listenHost: Kind<string> = {
  shape: 'host name or IP address',
  read(raw) {
    const fault = 'give a host name or an IP address, e.g. 127.0.0.1, 0.0.0.0 or ::';
    return domain.read(raw.toLowerCase()).ok || isIpv4(raw) || isIpv6(raw) ? good(raw) : bad(fault);
  },
};

/** The URL parser lets `*` and the like pass. */
const plainHost = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])$/;

/** Scheme, host and port, and nothing after them (RFC 6454). Compared as text, so only the canonical spelling is taken. */
export const webOrigin: Kind<string> = {
  shape: 'origin',
  read(raw) {
    const url = parseUrl(raw);
    if (url === undefined || !isHttp(url) || !plainHost.test(url.hostname)) {
      return bad('give an http or https origin, e.g. https://verify.example.com');
    }
    return raw === url.origin
      ? good(raw)
      : bad(`give the origin only, as ${url.origin}: no path and no trailing slash`);
  },
};

/** Besides web origins also those of app shells such as `capacitor://localhost`; `*` and `null` would let anybody in. */
export const clientOrigin: Kind<string> = {
  shape: 'origin',
  read(raw) {
    if (raw === '*' || raw === 'null') return bad('list each origin by name: * and null would let every page in');
    const shell = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(:\d{1,5})?$/.test(raw) && !/^https?:/.test(raw);
    return shell ? good(raw) : webOrigin.read(raw);
  },
};

/** An http(s) URL without user, password and fragment. Which hosts are allowed is judged when it is called. */
export const webUrl: Kind<string> = {
  shape: 'URL',
  read(raw) {
    const fault = webhookUrlFault(raw);
    return fault === undefined ? good(raw) : bad(fault);
  },
};

/** A provider's address: https, or plain http on this machine for a simulator. */
export const endpoint: Kind<string> = {
  shape: 'origin',
  read(raw) {
    const read = webOrigin.read(raw);
    if (!read.ok || raw.startsWith('https:') || isLoopback(new URL(raw).hostname)) return read;
    return bad('give an https origin: plain http is for 127.0.0.1, [::1] and localhost only');
  },
};

/** An IP address or a network in CIDR form. */
export const network: Kind<string> = {
  shape: 'IP address or CIDR',
  read(raw) {
    const [address = '', prefix, ...more] = raw.split('/');
    const bits = isIpv4(address) ? 32 : isIpv6(address) ? 128 : undefined;
    const fault = 'give IP addresses or networks, e.g. 10.0.0.7, 10.0.0.0/8 or fd00::/8';
    if (bits === undefined || more.length > 0) return bad(fault);
    if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)) return bad(fault);
    return prefix !== undefined && Number(prefix) === 0
      ? bad('name your proxies: /0 would trust everybody')
      : good(raw);
  },
};

const storeFault = 'give sqlite:<file>, redis://host:port, rediss://host:port or redis-cluster://host:port,host:port';

export const storeUrl: Kind<StoreUrl> = {
  shape: '`sqlite:<file>`, `redis://…`, `rediss://…`, `redis-cluster://host:port,…`',
  read(raw) {
    const [scheme = '', rest = ''] = splitOnce(raw, ':');
    if (scheme === 'sqlite') return readSqlite(rest);
    if (scheme === 'redis' || scheme === 'rediss') return readRedis(raw);
    return scheme === 'redis-cluster' ? readCluster(rest) : bad(storeFault);
  },
};

/** The file name by which SQLite keeps nothing: for tries and tests. */
export const inMemory = ':memory:';

function readSqlite(file: string): Read<StoreUrl> {
  if (file === '' || (file.startsWith(':') && file !== inMemory)) {
    return bad('name the database file, e.g. sqlite:data/verihub.db');
  }
  if (file.startsWith('//')) return bad('write the path right after sqlite:, e.g. sqlite:/var/lib/verihub/verihub.db');
  return good({ kind: 'sqlite', file });
}

function readRedis(raw: string): Read<StoreUrl> {
  const url = parseUrl(raw);
  return url === undefined || url.hostname === '' ? bad(storeFault) : good({ kind: 'redis', url: raw });
}

function readCluster(rest: string): Read<StoreUrl> {
  const nodes = rest
    .replace(/^\/\//, '')
    .split(',')
    .map((text) => parseUrl(`redis://${text}`));
  const found = nodes.flatMap((url) => {
    const plain =
      url !== undefined && url.hostname !== '' && url.port !== '' && url.username === '' && url.password === '';
    return plain ? [{ host: url.hostname, port: Number(url.port) }] : [];
  });
  const complete = rest.startsWith('//') && found.length === nodes.length;
  return complete ? good({ kind: 'redis-cluster', nodes: found }) : bad(storeFault);
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    hostname === '::1' ||
    (isIpv4(hostname) && hostname.startsWith('127.'))
  );
}

export function parseUrl(raw: string): URL | undefined {
  return URL.canParse(raw) ? new URL(raw) : undefined;
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** The URL parser knows every spelling of RFC 4291, so it is asked. */
function isIpv6(text: string): boolean {
  return text.includes(':') && /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`);
}

function splitOnce(text: string, separator: string): [string, string] | [] {
  const at = text.indexOf(separator);
  return at < 0 ? [] : [text.slice(0, at), text.slice(at + separator.length)];
}
