// What devices sign (contract sections 3, 5 and 6): read strictly, signature before claims, each refusal with its own detail.
import { hash } from 'node:crypto';
import type { PublicKeyJwk } from '../ports/records.ts';
import type { DeviceProofs, ProofFault, ProofResult } from '../ports/security.ts';
import { readCompactJws, verifyEs256, type CompactJws } from './compact-jws.ts';
import { decisionClaims, deviceTokenClaims, enrollmentClaims } from './device-claims.ts';
import { createKeyImporter, keyThumbprint, publicKeyFault } from './p256-key.ts';

/** Devices whose signing key stays imported. */
const cachedKeys = 8_192;

const deviceId = /^dev_[a-z0-9]{1,64}$/;

type Refusal = { ok: false; fault: ProofFault; detail: string };
type Opened = { ok: true; payload: CompactJws['payload'] } | Refusal;
type OpenProof = (text: string, typ: string, kid: string | undefined, key: PublicKeyJwk) => Opened;

/** @param origin the hub origin, the only audience accepted */
export function createDeviceProofs({ origin }: { origin: string }): DeviceProofs {
  const open = createOpener();
  return {
    deviceIdOf(token) {
      const reading = readCompactJws(token, 'device+jwt');
      const kid = reading.ok ? reading.jws.kid : undefined;
      return kid !== undefined && deviceId.test(kid) ? kid : undefined;
    },
    checkDeviceToken: async (token, id, key, now) => {
      const opened = open(token, 'device+jwt', id, key);
      return opened.ok ? deviceTokenClaims(opened.payload, { deviceId: id, origin, now }) : opened;
    },
    checkDecision: async (jws, id, key) => {
      const opened = open(jws, 'decision+jwt', id, key);
      return opened.ok ? decisionClaims(opened.payload, { deviceId: id, origin }) : opened;
    },
    checkEnrollment: async (jws, expected) => checkEnrollment(open, origin, jws, expected),
  };
}

function checkEnrollment(
  open: OpenProof,
  origin: string,
  jws: string,
  { enrollmentToken, signingKey, encryptionKey }: Parameters<DeviceProofs['checkEnrollment']>[1],
): ProofResult<{ signingKeyThumbprint: string }> {
  const fault = keysFault(signingKey, encryptionKey);
  if (fault !== undefined) return { ok: false, fault: 'malformed', detail: fault };
  const opened = open(jws, 'enrollment+jwt', undefined, signingKey);
  if (!opened.ok) return opened;
  const expected = {
    origin,
    enrollment: hash('sha256', enrollmentToken, 'base64url'),
    encryptionKey: keyThumbprint(encryptionKey),
  };
  const claims = enrollmentClaims(opened.payload, expected);
  return claims.ok ? { ok: true, claims: { signingKeyThumbprint: keyThumbprint(signingKey) } } : claims;
}

function keysFault(signingKey: PublicKeyJwk, encryptionKey: PublicKeyJwk): string | undefined {
  const signingFault = publicKeyFault(signingKey);
  if (signingFault !== undefined) return `signingKey: ${signingFault}`;
  const encryptionFault = publicKeyFault(encryptionKey);
  if (encryptionFault !== undefined) return `encryptionKey: ${encryptionFault}`;
  // One key for one purpose (NIST SP 800-57 part 1 section 5.2). A point and its mirror image share x, and a private key.
  return signingKey.x === encryptionKey.x ? 'signingKey and encryptionKey must be two different keys' : undefined;
}

function createOpener(): OpenProof {
  const importKey = createKeyImporter(cachedKeys);
  return (text, typ, kid, key) => {
    const reading = readCompactJws(text, typ);
    if (!reading.ok) return { ok: false, fault: 'malformed', detail: reading.detail };
    if (reading.jws.kid !== kid) {
      const detail = kid === undefined ? 'kid must be absent' : 'kid must be the device id';
      return { ok: false, fault: 'malformed', detail };
    }
    if (!verifyEs256(reading.jws, importKey(key))) {
      return { ok: false, fault: 'signature', detail: 'the signature is not of the enrolled key' };
    }
    return { ok: true, payload: reading.jws.payload };
  };
}
