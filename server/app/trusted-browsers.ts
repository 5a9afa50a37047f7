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
  grant(application: ApplicationRecord, verificationId: string, days: number): Promise<{ trustToken: string; expiresAt: Timestamp; now: Timestamp }>;
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

/** What a create with a live token of the same user commits; undefined for a dead or foreign one, which is ignored. */
export async function useTrustToken(
  context: Context,
  applicationId: string,
  request: { userId: string; trustToken?: string; stepUp?: boolean },
  now: Timestamp,
): Promise<UsedTrust | undefined> {
  if (request.trustToken === undefined || request.stepUp === true) return undefined;
  const bearer = parseBearer('tru', request.trustToken);
  if (bearer === undefined || shardOfId(bearer.id) !== shardOf(applicationId, request.userId)) return undefined;
  const { records } = await context.store.read([{ kind: 'trusted-browser', id: bearer.id }]);
  const [browser] = records;
  if (browser === undefined || browser.applicationId !== applicationId || browser.userId !== request.userId) return undefined;
  if (now >= browser.expiresAt) return undefined;
  const previous = previousAfter(context, browser, bearer.secret, now);
  if (previous === undefined) return undefined;
  const secret = context.random.secret(secretBytes);
  const record: TrustedBrowserRecord = {
    ...browser, rev: browser.rev + 1, tokenHash: context.secrets.hash(secret), previous, lastUsedAt: now,
  };
  return { id: browser.id, trustToken: formatBearer(browser.id, secret), put: trustPut(context, record) };
}

/** Outlives the verification that granted it, so that none can grant twice. */
function trustPut(context: Context, record: TrustedBrowserRecord): Put {
  return { kind: 'trusted-browser', record, forgetAt: record.expiresAt + context.settings.retentionMs };
}

/** The token that stays good for a moment beside the new one; undefined when the one shown is not good at all. */
function previousAfter(context: Context, browser: TrustedBrowserRecord, secret: string, now: Timestamp) {
  if (context.secrets.matches(secret, browser.tokenHash)) return { tokenHash: browser.tokenHash, goodUntil: now + graceMs };
  const { previous } = browser;
  const repeated = previous !== undefined && now < previous.goodUntil && context.secrets.matches(secret, previous.tokenHash);
  return repeated ? previous : undefined;
}

async function grant(context: Context, application: ApplicationRecord, verificationId: string, days: number) {
  const { now, records } = await context.store.read([{ kind: 'verification', id: verificationId }]);
  const [verification] = records;
  if (verification === undefined || verification.applicationId !== application.id) {
    throw new ProblemError('not-found', 'There is no such verification, or it is not yours.');
  }
  if (verification.status !== 'approved') {
    throw new ProblemError('not-approved', `Only an approved verification can make a browser trusted; this one is ${verification.status}.`);
  }
  const { userId } = verification;
  const secret = context.random.secret(secretBytes);
  const record: TrustedBrowserRecord = {
    // Named after the verification, so that a second grant finds the first one in its way.
    id: verificationId.replace(/^ver_/, 'tru_'),
    rev: 1, applicationId: application.id, userId, tokenHash: context.secrets.hash(secret), createdAt: now, expiresAt: now + days * day,
  };
  const result = await context.store.commit({
    puts: [trustPut(context, record)],
    timeline: { verificationId, entries: [{ at: now, type: 'trust' }] },
  });
  if (!result.ok) throw new ProblemError('trust-already-granted', 'This verification has already made a browser trusted.');
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
