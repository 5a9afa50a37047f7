// Devices: enrolling one with proof of possession, listing them, their push token (contract section 5).
import { Type } from 'typebox';
import { devicePlatforms } from '../../client-sdk/protocol.ts';
import { opaqueId } from './ids.ts';
import { ascii, base64url, compactJws, text, time } from './text.ts';

const strict = { additionalProperties: false };

/** What WebCrypto's `exportKey` and others add (RFC 7517, section 4). Taken, and not kept. */
const unused = {
  ext: Type.Optional(Type.Boolean()),
  key_ops: Type.Optional(Type.Array(ascii(1, 32), { maxItems: 8 })),
  alg: Type.Optional(ascii(1, 32)),
  use: Type.Optional(ascii(1, 32)),
  kid: Type.Optional(ascii(1, 128)),
};

/** RFC 7517 and 7518, section 6.2: a coordinate of P-256 is 32 bytes. A private key has no business here. */
export const publicJwk = Type.Object(
  { kty: Type.Literal('EC'), crv: Type.Literal('P-256'), x: base64url(43), y: base64url(43), ...unused },
  { ...strict, title: 'PublicJwk', description: 'An EC public key on P-256 (RFC 7517)' },
);

export const pushToken = Type.Object(
  { provider: Type.Enum(['fcm', 'simulated']), token: ascii(1, 4096) },
  { ...strict, title: 'PushToken' },
);
export const pushTokenReply = Type.Object({ serverTime: time() }, { title: 'PushTokenReply' });

export const enrollDeviceRequest = Type.Object(
  {
    name: text(64, 'What the person calls it'),
    platform: Type.Enum(devicePlatforms),
    signingKey: publicJwk,
    encryptionKey: publicJwk,
    pushToken: Type.Optional(pushToken),
    proof: compactJws('`{"alg":"ES256","typ":"enrollment+jwt"}`, made with the signing key'),
  },
  { ...strict, title: 'EnrollDeviceRequest' },
);
export const enrollDeviceReply = Type.Object(
  {
    deviceId: opaqueId('dev'),
    userId: Type.String(),
    application: Type.Object({ id: opaqueId('app'), name: Type.String() }),
    serverTime: time(),
  },
  { title: 'EnrollDeviceReply' },
);

export const device = Type.Object(
  {
    id: opaqueId('dev'),
    name: Type.String(),
    // The store keeps it as text.
    platform: Type.Unsafe<string>(Type.Enum(devicePlatforms)),
    createdAt: time(),
    lastSeenAt: Type.Optional(time()),
    pushToken: Type.Union([
      Type.Object({ provider: Type.String(), status: Type.Enum(['active', 'quarantined']) }),
      Type.Null(),
    ]),
  },
  { title: 'Device' },
);
export const deviceListReply = Type.Object(
  { devices: Type.Array(device), serverTime: time() },
  { title: 'DeviceListReply' },
);
