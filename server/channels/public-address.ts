// Which IP addresses belong to the public Internet: a webhook may not reach into the hub's own network (SSRF).
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IANA IPv4 Special-Purpose Address Registry, whatever is not globally reachable; multicast and reserved too. */
const closedIpv4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Public by its number, yet answered by the host of every Azure machine.
  ['168.63.129.16', 32],
];

/** Of IPv6 only 2000::/3 is given out, and of that these are special (IANA IPv6 Special-Purpose Address Registry). */
const closedIpv6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

/** Addresses which carry an IPv4 address in their last 32 bits: mapped ones, and NAT64 (RFC 6052). */
const carriers: readonly [string, number][] = [
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
];

const closed = new BlockList();
for (const [address, bits] of closedIpv4) closed.addSubnet(address, bits, 'ipv4');
for (const [address, bits] of closedIpv6) closed.addSubnet(address, bits, 'ipv6');
const given = new BlockList();
given.addSubnet('2000::', 3, 'ipv6');
const carrying = new BlockList();
for (const [address, bits] of carriers) carrying.addSubnet(address, bits, 'ipv6');

/** @param address without brackets; anything that is no IP address is not public */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !closed.check(address, 'ipv4');
  // A zone (`%eth0`) only makes sense on the local link.
  if (!isIPv6(address) || address.includes('%')) return false;
  if (carrying.check(address, 'ipv6')) return isPublicAddress(carriedIpv4(address));
  return given.check(address, 'ipv6') && !closed.check(address, 'ipv6');
}

/** The URL parser writes every spelling as hexadecimal groups, of which the last two are the IPv4 address. */
function carriedIpv4(address: string): string {
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
