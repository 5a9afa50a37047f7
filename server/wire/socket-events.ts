// What goes over the sockets besides what REST has as well (contract sections 6 and 7).
import { Type } from 'typebox';
import { verificationStatuses } from '../../client-sdk/protocol.ts';
import { opaqueId } from './ids.ts';
import { problem } from './problem.ts';
import { prompt } from './prompts.ts';
import { time } from './text.ts';
import { verification } from './verification.ts';

/** Longer than any token of contract section 3. */
export const longestToken = 4096;

/** The payload of Socket.IO's CONNECT packet. */
export const handshake = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: longestToken, description: 'A device token or a waiter token' }) },
  { title: 'Handshake', description: "Socket.IO's `auth`. Never in the URL: it would be refused" },
);

export const refusedHandshake = Type.Object(
  { message: Type.String({ description: 'The code of the problem' }), data: problem },
  { title: 'RefusedHandshake' },
);

export const closed = Type.Object(
  {
    id: opaqueId('ver'),
    rev: Type.Integer({ minimum: 1 }),
    status: Type.Enum(verificationStatuses),
  },
  { title: 'Closed' },
);

const ok = Type.Literal(true);
const serverTime = time();

export const refused = Type.Object(
  { ok: Type.Literal(false), problem },
  { title: 'Refused', description: 'Any event may be answered so' },
);
export const decided = Type.Object({ ok, status: Type.Enum(verificationStatuses), serverTime }, { title: 'Decided' });
export const listedPrompts = Type.Object({ ok, prompts: Type.Array(prompt), serverTime }, { title: 'ListedPrompts' });
export const changedVerification = Type.Object({ ok, verification, serverTime }, { title: 'ChangedVerification' });
