// The simulated messages as the outbox page and the phone page see them: types only, shared by both sides.

export interface OutboxPush {
  kind: 'push';
  id: string;
  /** RFC 3339. */
  at: string;
  /** How often it was sent. */
  copies: number;
  verificationId: string;
  /** The device's push token: tells a phone page which messages are its own. */
  token: string;
  /** RFC 3339: providers drop it after that. */
  expiresAt: string;
  /** What travels as the push message's `data` (contract section 8). */
  data: { v: '1'; id: string; jwe: string };
}

export interface OutboxSms {
  kind: 'sms';
  id: string;
  at: string;
  copies: number;
  verificationId: string;
  to: string;
  text: string;
  /** The code in the text, for a button that copies it. */
  code: string | null;
}

export type OutboxMessage = OutboxPush | OutboxSms;
