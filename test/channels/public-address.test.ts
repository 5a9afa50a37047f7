// Public addresses are let through; whatever is near the hub is not.
import { expect } from 'chai';
import { isPublicAddress } from '../../server/channels/public-address.ts';

const open = `8.8.8.8 1.1.1.1 93.184.215.14 172.15.255.255 172.32.0.0 100.63.255.255 100.128.0.0 192.0.1.1 168.63.129.15
  2606:4700::1111 2a00:1450:4001::8a 2001:200::1 ::ffff:8.8.8.8 ::ffff:808:808 64:ff9b::8.8.8.8`.split(/\s+/);

const closed =
  `0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.255 169.254.169.254
  172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1
  224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16
  :: ::1 ::127.0.0.1 fe80::1 fe80::1%eth0 2606:4700::1111%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1
  100::1 5f00::1 64:ff9b:1::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::FFFF:169.254.169.254 0:0:0:0:0:ffff:a00:1
  64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::
  localhost 2130706433 0x7f.1 017700000001 127.1`.split(/\s+/);

describe('an address', () => {
  for (const address of open) it(`${address} is public`, () => expect(isPublicAddress(address)).to.equal(true));
  for (const address of closed) it(`${address} is not`, () => expect(isPublicAddress(address)).to.equal(false));
  it('that is empty is not public', () => expect(isPublicAddress('')).to.equal(false));
});
