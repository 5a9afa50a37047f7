// Trusted browsers: an opaque token that rotates with every use and skips the prompt for a while.
import { ProblemError } from '../core/errors.ts';
import { formatBearer, parseBearer } from '../core/bearer.ts';
import { shardOf, shardOfId } from '../core/ids.ts';
import type { Timestamp } from '../core/verification.ts';
import type { ApplicationRecord, TrustedBrowserRecord } from '../ports/records.ts';
import { StoreUnavailableError, type Put } from '../ports/store.ts';
import type { Context } from './context.ts';

const day = 86_400_000;
const secretBytes = 32;

/** Conflicts are with the token being used at the same moment: they pass at once. */
const attempts = 16;

/** How long the token before the last rotation stays good: a reply may have been lost (contract section 4). */
const graceMs = 60_000;

export interface UsedTrust {
  id: string;
  trustToken: string;
  put: Put;
}

export interface TrustedBrowsers {
  /** Once per approved verification. @throws ProblemError `not-found`, `not-approved`, `trust-already-granted` */
  grant(
    application: ApplicationRecord,
    verificationId: string,
    days: number,
  ): Promise<{ trustToken: string; expiresAt: Timestamp; now: Timestamp }>;
  list(applicationId: string, userId: string): Promise<{ browsers: TrustedBrowserRecord[]; now: Timestamp }>;
  /** @throws ProblemError `not-found` */
  revoke(applicationId: string, userId: string, id: string): Promise<void>;
}

export function createTrustedBrowsers(context: Context): TrustedBrowsers {
  return {
    grant: (application, verificationId, days) => grant(context, application, verificationId, days),
    list: async (applicationId, userId) => {
      const { now, records } = await context.store.list({ kind: 'trusted-browser', applicationId, userId });
      return { browsers: records.filter((browser) => now < browser.expiresAt), now };
    },
    revoke: (applicationId, userId, id) => revoke(context, applicationId, userId, id),
  };
}

interface Presented {
  userId: string;
  trustToken?: string;
  stepUp?: boolean;
}

interface Rotation {
  /** The secret of the next token. */
  successor: string;
  previous: NonNullable<TrustedBrowserRecord['previous']>;
}

/** What a create with a live token of the same user commits; undefined for a dead or foreign one, which is ignored. */
export async function useTrustToken(
  context: Context,
  applicationId: string,
  request: Presented,
  now: Timestamp,
): Promise<UsedTrust | undefined> {
  const shown = await findBrowser(context, applicationId, request, now);
  if (shown === undefined) return undefined;
  const { browser, secret } = shown;
  const rotation = rotatedBefore(context, browser, secret, now) ?? rotatedNow(context, browser, secret, now);
  if (rotation === undefined) return undefined;
  const { successor, previous } = rotation;
  const record: TrustedBrowserRecord = {
    ...browser,
    rev: browser.rev + 1,
    tokenHash: context.secrets.hash(successor),
    previous,
    lastUsedAt: now,
  };
  return { id: browser.id, trustToken: formatBearer(browser.id, successor), put: trustPut(context, record) };
}

/** The rotated token of a use that was answered before, while its own token is still good. */
export async function rotatedAgain(
  context: Context,
  applicationId: string,
  request: Presented,
  now: Timestamp,
): Promise<string | undefined> {
  const shown = await findBrowser(context, applicationId, request, now);
  if (shown === undefined) return undefined;
  const rotation = rotatedBefore(context, shown.browser, shown.secret, now);
  return rotation && formatBearer(shown.browser.id, rotation.successor);
}

async function findBrowser(context: Context, applicationId: string, request: Presented, now: Timestamp) {
  if (request.trustToken === undefined || request.stepUp === true) return undefined;
  const bearer = parseBearer('tru', request.trustToken);
  if (bearer === undefined || shardOfId(bearer.id) !== shardOf(applicationId, request.userId)) return undefined;
  const { records } = await context.store.read([{ kind: 'trusted-browser', id: bearer.id }]);
  const [browser] = records;
  if (browser === undefined || browser.applicationId !== applicationId || browser.userId !== request.userId)
    return undefined;
  return now < browser.expiresAt ? { browser, secret: bearer.secret } : undefined;
}

function rotatedNow(
  context: Context,
  browser: TrustedBrowserRecord,
  secret: string,
  now: Timestamp,
): Rotation | undefined {
  if (!context.secrets.matches(secret, browser.tokenHash)) return undefined;
  const salt = context.random.secret(secretBytes);
  const previous = { tokenHash: browser.tokenHash, goodUntil: now + graceMs, salt };
  return { successor: successorOf(context, secret, salt), previous };
}

/** Two tabs at once, or a lost reply: the token before, used again in its last moment, gets the successor it got before. */
function rotatedBefore(
  context: Context,
  { previous }: TrustedBrowserRecord,
  secret: string,
  now: Timestamp,
): Rotation | undefined {
  const isGood =
    previous !== undefined && now < previous.goodUntil && context.secrets.matches(secret, previous.tokenHash);
  return isGood ? { successor: successorOf(context, secret, previous.salt), previous } : undefined;
}

/** To make it one must know the token before, which is not stored, and the salt, which only the store has. */
function successorOf(context: Context, secret: string, salt: string): string {
  return context.secrets.hash(`${salt}.${secret}`);
}

/** Outlives the verification that granted it, so that none can grant twice. */
function trustPut(context: Context, record: TrustedBrowserRecord): Put {
  return { kind: 'trusted-browser', record, forgetAt: record.expiresAt + context.settings.retentionMs };
}

async function grant(context: Context, application: ApplicationRecord, verificationId: string, days: number) {
  const { now, records } = await context.store.read([{ kind: 'verification', id: verificationId }]);
  const [verification] = records;
  if (verification === undefined || verification.applicationId !== application.id) {
    throw new ProblemError('not-found', 'There is no such verification, or it is not yours.');
  }
  if (verification.status !== 'approved') {
    throw new ProblemError(
      'not-approved',
      `Only an approved verification can make a browser trusted; this one is ${verification.status}.`,
    );
  }
  // Else trust would renew itself for ever, past its 30 days and past its revocation.
  if (verification.decision.method === 'trusted-browser') {
    throw new ProblemError(
      'not-approved',
      'A trusted browser approved this one. Only what the person approved can make a browser trusted.',
    );
  }
  const { userId } = verification;
  const secret = context.random.secret(secretBytes);
  const record: TrustedBrowserRecord = {
    // Named after the verification, so that a second grant finds the first one in its way.
    id: verificationId.replace(/^ver_/, 'tru_'),
    rev: 1,
    applicationId: application.id,
    userId,
    tokenHash: context.secrets.hash(secret),
    createdAt: now,
    expiresAt: now + days * day,
  };
  const result = await context.store.commit({
    puts: [trustPut(context, record)],
    timeline: { verificationId, entries: [{ at: now, type: 'trust' }] },
  });
  if (!result.ok)
    throw new ProblemError('trust-already-granted', 'This verification has already made a browser trusted.');
  return { trustToken: formatBearer(record.id, secret), expiresAt: record.expiresAt, now };
}

/** Kept as expired rather than removed: its verification must not grant another. */
async function revoke(context: Context, applicationId: string, userId: string, id: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await context.store.read([{ kind: 'trusted-browser', id }]);
    const [browser] = records;
    const isTheirs = browser?.applicationId === applicationId && browser.userId === userId;
    if (browser === undefined || !isTheirs || now >= browser.expiresAt) {
      throw new ProblemError('not-found', 'There is no such trusted browser, or it was revoked already.');
    }
    const { previous: _dead, ...rest } = browser;
    const record: TrustedBrowserRecord = { ...rest, rev: browser.rev + 1, expiresAt: now };
    const result = await context.store.commit({ puts: [trustPut(context, record)] });
    if (result.ok) return;
  }
  throw new StoreUnavailableError('The trusted browser kept changing under the write.');
}
