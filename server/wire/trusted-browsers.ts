// Browsers that may skip the prompt for a while.
import { Type } from 'typebox';
import { opaqueId } from './ids.ts';
import { time } from './text.ts';

export const trustedBrowser = Type.Object(
  { id: opaqueId('tru'), createdAt: time(), lastUsedAt: Type.Optional(time()), expiresAt: time() },
  { title: 'TrustedBrowser' },
);

export const trustedBrowserListReply = Type.Object(
  { trustedBrowsers: Type.Array(trustedBrowser), serverTime: time() },
  { title: 'TrustedBrowserListReply' },
);
