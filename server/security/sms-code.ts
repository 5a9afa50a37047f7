// The six digits of an SMS: derived under the hub's code key, so that nothing that could be stolen is stored (contract section 8).
import { createHmac, type KeyObject } from 'node:crypto';

const codes = 1_000_000;
/** The largest multiple of a million in 32 bits. What lies above is drawn again: taking it would favour low codes. */
const fair = Math.floor(2 ** 32 / codes) * codes;

/** A code of the stream, each equally likely. @param block the n-th 32 random bytes of the stream */
export function uniformCode(block: (n: number) => Buffer): string {
  for (let n = 0; ; n += 1) {
    const bytes = block(n);
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      const word = bytes.readUInt32BE(at);
      if (word < fair) return String(word % codes).padStart(6, '0');
    }
  }
}

/** The label keeps this use of the key apart from any later one; the zeros keep id and salt apart. */
export function deriveSmsCode(key: KeyObject, verificationId: string, salt: string): string {
  return uniformCode((n) =>
    createHmac('sha256', key).update(`verihub sms-code\u0000${verificationId}\u0000${salt}\u0000${n}`).digest(),
  );
}
