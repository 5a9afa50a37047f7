// Ids in paths and replies, and the user id, which is the relying party's own.
import { Type } from 'typebox';
import type { IdPrefix } from '../core/ids.ts';
import { opaque } from './text.ts';

/** The hub's own ids. Their inside means nothing to anybody else. */
export const opaqueId = (prefix: IdPrefix) => Type.String({ pattern: `^${prefix}_[A-Za-z0-9_-]{1,64}$` });

export const userId = opaque(128, "The relying party's own id of a person");

const strict = { additionalProperties: false };
export const verificationPath = Type.Object({ id: opaqueId('ver') }, strict);
export const promptPath = Type.Object({ id: opaqueId('ver') }, strict);
export const trustedBrowserPath = Type.Object({ id: opaqueId('tru') }, strict);
export const userPath = Type.Object({ userId }, strict);
export const userDevicePath = Type.Object({ userId, deviceId: opaqueId('dev') }, strict);
export const userTrustedBrowserPath = Type.Object({ userId, id: opaqueId('tru') }, strict);
