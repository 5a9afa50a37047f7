// Where a webhook may go: the URL is judged before, and every address its name resolves to at the moment of connecting.
import type { LookupAddress, LookupAllOptions, LookupOptions } from 'node:dns';
import { lookup as resolveByDns } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address.ts';

export type Resolve = (hostname: string, options: LookupAllOptions) => Promise<LookupAddress[]>;

export class AddressNotAllowedError extends Error {
  readonly code = 'ADDRESS_NOT_ALLOWED';
}

const byDns: Resolve = (hostname, options) => resolveByDns(hostname, options);

/** The URL, or why it may not be called. Decimal, octal and hexadecimal hosts are IP addresses to the URL parser. */
export function judgeUrl(
  raw: string,
  allowPrivate: boolean,
): URL | 'url-malformed' | 'https-required' | 'address-not-allowed' {
  if (!URL.canParse(raw)) return 'url-malformed';
  const url = new URL(raw);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'url-malformed';
  if (url.username !== '' || url.password !== '') return 'url-malformed';
  if (allowPrivate) return url;
  if (url.protocol === 'http:') return 'https-required';
  // A literal address is connected to without a lookup, so it is judged here.
  const address = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(address) === 0 || isPublicAddress(address) ? url : 'address-not-allowed';
}

/**
 * The `lookup` of a connection: refuses a name that has any address which is not public. The socket connects to the very
 * addresses judged here, so that a name which resolves differently the next time (DNS rebinding) gains nothing.
 */
export function createLookup(allowPrivate: boolean, resolve: Resolve = byDns): LookupFunction {
  return (hostname, options, callback) => {
    void find(hostname, options).then(
      (addresses) => {
        if (options.all === true) return callback(null, addresses);
        const [first] = addresses;
        return callback(null, first?.address ?? '', first?.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ''),
    );
  };

  async function find(hostname: string, options: LookupOptions): Promise<LookupAddress[]> {
    const addresses = await resolve(hostname, { all: true, family: options.family ?? 0 });
    if (addresses.length === 0) throw new Error('the name has no address');
    const isAllowed = allowPrivate || addresses.every(({ address }) => isPublicAddress(address));
    if (!isAllowed) throw new AddressNotAllowedError('the name resolves to an address that is not public');
    return addresses;
  }
}
