// Creating a verification: who it goes to, over which steps, with which number; replayed by its idempotency key.
import { ProblemError } from '../core/errors.ts';
import { makeId, shardOf } from '../core/ids.ts';
import { decide } from '../core/transitions.ts';
import { resendCooldownMs } from '../core/limits.ts';
import {
  isPending,
  type Facts,
  type Matching,
  type MatchingMode,
  type Pending,
  type StepName,
  type StepReason,
  type Timestamp,
  type Verification,
} from '../core/verification.ts';
import {
  idempotencyKey as idempotencyId,
  userKey,
  type ApplicationRecord,
  type DeliveryPreference,
  type UserRecord,
} from '../ports/records.ts';
import { StoreUnavailableError, type Put } from '../ports/store.ts';
import { commitCreated } from './change.ts';
import type { Context } from './context.ts';
import { expireOverdue } from './expire-overdue.ts';
import { reachOf } from './reach.ts';
import { rotatedAgain, useTrustToken, type UsedTrust } from './trusted-browsers.ts';
import { newUser } from './user-record.ts';

/** The body of `POST /v1/verifications`, already validated. */
export interface CreateRequest {
  userId: string;
  action: string;
  details?: { label: string; value: string }[];
  context?: { ip?: string; userAgent?: string; location?: string };
  matching?: { mode?: MatchingMode; digits?: number };
  steps?: StepName[];
  lifetimeSeconds?: number;
  trustToken?: string;
  session?: string;
  stepUp?: boolean;
  locale?: string;
}

export interface Created {
  verification: Verification;
  now: Timestamp;
  waiterToken: string;
  /** Rotated, when a trusted browser approved at once. */
  trustToken?: string;
}

const stepOrder: readonly StepName[] = ['socket', 'push', 'sms'];
const day = 86_400_000;

/** Conflicts are over the user's record being created at the same moment: they pass at once. */
const attempts = 16;

export async function createVerification(
  context: Context,
  application: ApplicationRecord,
  request: CreateRequest,
  idempotencyKey?: string,
): Promise<Created> {
  const shard = shardOf(application.id, request.userId);
  const fresh = makeId('ver', context.random.uuid(), shard);
  const reserved =
    idempotencyKey === undefined ? fresh : await reserve(context, application, request, idempotencyKey, fresh);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const created =
      (idempotencyKey === undefined ? undefined : await replay(context, reserved, request)) ??
      (await tryCreate(context, application, request, reserved, idempotencyKey !== undefined));
    if (created !== undefined) return created;
  }
  throw new StoreUnavailableError('The user record kept changing under the write.');
}

/** Ties the key to one verification id before anything else happens, so that a repeat after a crash goes on with the same id. */
async function reserve(
  context: Context,
  application: ApplicationRecord,
  request: CreateRequest,
  key: string,
  fresh: string,
): Promise<string> {
  const id = idempotencyId(application.id, context.secrets.hash(key));
  const bodyHash = context.secrets.digestJson(request);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { now, records } = await context.store.read([{ kind: 'idempotency', id }]);
    const [known] = records;
    const isLive = known !== undefined && now < known.createdAt + day;
    if (isLive && known.bodyHash !== bodyHash) {
      throw new ProblemError(
        'idempotency-key-reused',
        'This Idempotency-Key was used with another body. Use a new key for a new request.',
      );
    }
    if (isLive) return known.verificationId;
    const record = { id, rev: (known?.rev ?? 0) + 1, bodyHash, verificationId: fresh, createdAt: now };
    const result = await context.store.commit({ puts: [{ kind: 'idempotency', record, forgetAt: now + day }] });
    if (result.ok) return fresh;
  }
  throw new StoreUnavailableError('The idempotency key kept changing under the write.');
}

/** The first reply again, with tokens minted anew. */
async function replay(context: Context, id: string, request: CreateRequest): Promise<Created | undefined> {
  const read = await context.store.read([{ kind: 'verification', id }]);
  const [stored] = read.records;
  const current = stored && (await expireOverdue(context, { verification: stored, now: read.now }));
  if (current === undefined) return undefined;
  const { verification, now } = current;
  const waiterToken = await context.tokens.mintWaiter(id, verification.expiresAt, now);
  const wasTrusted = verification.rev === 1 && verification.status === 'approved';
  const trustToken = wasTrusted ? await rotatedAgain(context, verification.applicationId, request, now) : undefined;
  return {
    verification: asFirst(verification, now),
    now,
    waiterToken,
    ...(trustToken === undefined ? {} : { trustToken }),
  };
}

/** The verification as its first reply showed it; what ended since is shown as it is once its deadline has passed. */
function asFirst(verification: Verification, now: Timestamp): Verification {
  if (verification.first === undefined || verification.rev === 1 || now >= verification.expiresAt) return verification;
  const { createdAt, expiresAt, first } = verification;
  const facts = factsOf(verification);
  const pending: Pending = {
    ...facts,
    status: 'pending',
    rev: 1,
    delivery: first,
    acknowledgements: [],
    answers: [],
    wrongNumbers: 0,
    codeAttempts: 0,
    resends: 0,
    resendAvailableAt: createdAt + resendCooldownMs(0),
    dueAt: expiresAt,
  };
  return pending;
}

/** What is true of it in every state: without what only this state has. */
function factsOf(verification: Verification): Facts {
  const only = isPending(verification) ? ['dueAt'] : ['endedAt', 'decision', 'canceledBy'];
  const facts = { ...verification };
  for (const field of only) Reflect.deleteProperty(facts, field);
  return facts;
}

async function tryCreate(
  context: Context,
  application: ApplicationRecord,
  request: CreateRequest,
  id: string,
  replayable: boolean,
): Promise<Created | undefined> {
  const { userId } = request;
  const [{ now, records }, { records: devices }] = await Promise.all([
    context.store.read([{ kind: 'user', id: userKey(application.id, userId) }]),
    context.store.list({ kind: 'device', applicationId: application.id, userId }),
  ]);
  const [known] = records;
  const user = known ?? newUser(application.id, userId, now);
  const trust = await useTrustToken(context, application.id, request, now);
  const reach = await reachOf(context, application.id, userId, { user, devices });
  const steps = planSteps(application, request, user.delivery);
  const plan = user.delivery === 'push_and_sms' ? 'all-at-once' : 'escalate';
  const facts = makeFacts(context, application, request, { id, now, plan, promptable: steps.some(carriesPrompts) });
  const outcome = decide(
    undefined,
    { type: 'create', facts, steps, reach, ...(trust === undefined ? {} : { trustedBrowserId: trust.id }) },
    now,
  );
  const verification = replayable ? { ...outcome.next, first: outcome.next.delivery } : outcome.next;
  const result = await commitCreated(context, { ...outcome, next: verification }, putsBeside(known, user, trust), now);
  if (!result.ok) return undefined;
  const waiterToken = await context.tokens.mintWaiter(id, facts.expiresAt, now);
  return {
    verification,
    now: result.now,
    waiterToken,
    ...(trust === undefined ? {} : { trustToken: trust.trustToken }),
  };
}

function putsBeside(known: UserRecord | undefined, user: UserRecord, trust: UsedTrust | undefined): Put[] {
  const puts: Put[] = known === undefined ? [{ kind: 'user', record: user }] : [];
  return trust === undefined ? puts : [...puts, trust.put];
}

function makeFacts(
  context: Context,
  application: ApplicationRecord,
  request: CreateRequest,
  chosen: Pick<Facts, 'id' | 'plan' | 'promptable'> & { now: Timestamp },
): Facts {
  const { random, settings } = context;
  const { id, plan, promptable, now } = chosen;
  return {
    id,
    applicationId: application.id,
    applicationName: application.name,
    userId: request.userId,
    action: request.action,
    details: request.details ?? [],
    context: request.context ?? {},
    matching: makeMatching(context, request),
    challenge: random.secret(32),
    codeSalt: random.secret(16),
    ...(request.session === undefined ? {} : { session: request.session }),
    ...(request.locale === undefined ? {} : { locale: request.locale }),
    plan,
    promptable,
    waits: settings.waits,
    createdAt: now,
    expiresAt: now + (request.lifetimeSeconds ?? 300) * 1000,
  };
}

interface PlannedStep {
  step: StepName;
  skip?: StepReason;
}

/** Devices may fetch and answer it only when request, policy and preference leave a step that brings prompts. */
function carriesPrompts({ step, skip }: PlannedStep): boolean {
  return step !== 'sms' && skip === undefined;
}

/** The steps asked for, in the order of escalation, with those that policy or preference rules out. */
function planSteps(
  application: ApplicationRecord,
  request: CreateRequest,
  preference: DeliveryPreference,
): PlannedStep[] {
  const asked = request.steps ?? stepOrder;
  return stepOrder
    .filter((step) => asked.includes(step))
    .map((step) => {
      if (!application.steps.includes(step)) return { step, skip: 'policy' };
      return isPreferred(step, preference) ? { step } : { step, skip: 'preference' };
    });
}

function isPreferred(step: StepName, preference: DeliveryPreference): boolean {
  if (preference === 'push') return step !== 'sms';
  if (preference === 'sms') return step === 'sms';
  return true;
}

function makeMatching(context: Context, request: CreateRequest): Matching {
  const mode = request.matching?.mode ?? 'enter';
  if (mode === 'none') return { mode };
  if (mode === 'qr') return { mode, number: context.random.secret(16) };
  const digits = mode === 'choose' ? 2 : (request.matching?.digits ?? 2);
  const number = randomDigits(context, digits);
  return mode === 'enter' ? { mode, number, digits } : { mode, number, choices: makeChoices(context, number, digits) };
}

function randomDigits(context: Context, digits: number): string {
  return String(context.random.integer(10 ** digits)).padStart(digits, '0');
}

/** Three different numbers, the right one at a random place; the same in every copy of the prompt. */
function makeChoices(context: Context, number: string, digits: number): string[] {
  const others = new Set<string>();
  while (others.size < 2) {
    const candidate = randomDigits(context, digits);
    if (candidate !== number) others.add(candidate);
  }
  return [...others].toSpliced(context.random.integer(3), 0, number);
}
