// The main path: a verification is created, shown, answered, and ends. Every door calls one of these.
import { ProblemError } from '../core/errors.ts';
import type { TimelineEntry } from '../core/events.ts';
import { isPending, type Timestamp, type Verification } from '../core/verification.ts';
import { change, throwRefusal, type Changed } from './change.ts';
import type { AuthenticatedDevice, Caller, Context } from './context.ts';
import { createVerification, type Created, type CreateRequest } from './create-verification.ts';
import { expireOverdue } from './expire-overdue.ts';
import { readReach } from './reach.ts';
import { countConversion } from './sms-conversion.ts';
import {
  resultClaims,
  shownPrompt,
  viewPrompt,
  viewVerification,
  type PromptResource,
  type VerificationResource,
} from './views.ts';
import type { ApplicationRecord } from '../ports/records.ts';

/** A verification as one read found it, on the store's clock. */
export interface Snapshot {
  verification: Verification;
  now: Timestamp;
}

export interface Verifications {
  /** @throws ProblemError `idempotency-key-reused` */
  create(application: ApplicationRecord, request: CreateRequest, idempotencyKey?: string): Promise<Created>;
  /** @throws ProblemError `not-found`, also for another application's or another page's */
  get(caller: Caller, id: string): Promise<Snapshot>;
  /** As `get`, without asking who reads. Undefined: there is none. Never answers `pending` after the deadline. */
  load(id: string): Promise<Snapshot | undefined>;
  /** @throws ProblemError `code-incorrect`, `code-attempts-exhausted`, `code-not-acceptable`, `already-decided`, `verification-expired` */
  submitCode(caller: Caller, id: string, code: string): Promise<Snapshot>;
  /** @throws ProblemError `resend-too-soon`, `resend-exhausted`, `step-not-allowed`, `already-decided`, `verification-expired` */
  resend(caller: Caller, id: string, step?: 'socket' | 'push' | 'sms'): Promise<Snapshot>;
  /** @throws ProblemError `already-decided`, `verification-expired` */
  cancel(caller: Caller, id: string): Promise<Snapshot>;
  timeline(application: ApplicationRecord, id: string): Promise<{ entries: TimelineEntry[]; now: Timestamp }>;
  /** Pending prompts of the device's user, oldest first. */
  prompts(device: AuthenticatedDevice): Promise<{ prompts: PromptResource[]; now: Timestamp }>;
  acknowledge(
    device: AuthenticatedDevice,
    id: string,
    via: 'socket' | 'http',
  ): Promise<{ prompt: PromptResource; now: Timestamp }>;
  /**
   * The device's signed answer.
   * @param id where the route names one: the signed `sub` must be the same
   * @throws ProblemError `unauthenticated`, `number-incorrect`, `challenge-mismatch`, `already-decided`, `verification-expired`, `not-found`
   */
  decide(device: AuthenticatedDevice, jws: string, id?: string): Promise<Snapshot>;
  /** The resource as its reader may see it, with a fresh result token once it has ended. */
  view(snapshot: Snapshot, audience: 'relying-party' | 'browser'): Promise<VerificationResource>;
}

export function createVerifications(context: Context): Verifications {
  return {
    create: (application, request, key) => createVerification(context, application, request, key),
    get: (caller, id) => get(context, caller, id),
    load: (id) => load(context, id),
    submitCode: (caller, id, code) => submitCode(context, caller, id, code),
    resend: (caller, id, step) => resend(context, caller, id, step),
    cancel: (caller, id) => cancel(context, caller, id),
    timeline: async (application, id) => {
      await get(context, { kind: 'relying-party', application }, id);
      return context.store.timeline(id);
    },
    prompts: (device) => prompts(context, device),
    acknowledge: (device, id, via) => acknowledge(context, device, id, via),
    decide: (device, jws, id) => decideByDevice(context, device, jws, id),
    view: (snapshot, audience) => view(context, snapshot, audience),
  };
}

function notFound(): ProblemError {
  return new ProblemError('not-found', 'There is no such verification, or it is not yours.');
}

function mayRead(caller: Caller, verification: Verification): boolean {
  return caller.kind === 'browser'
    ? caller.verificationId === verification.id
    : caller.application.id === verification.applicationId;
}

async function load(context: Context, id: string): Promise<Snapshot | undefined> {
  const { now, records } = await context.store.read([{ kind: 'verification', id }]);
  const [verification] = records;
  return verification === undefined ? undefined : expireOverdue(context, { verification, now });
}

async function get(context: Context, caller: Caller, id: string): Promise<Snapshot> {
  const snapshot = await load(context, id);
  if (snapshot === undefined || !mayRead(caller, snapshot.verification)) throw notFound();
  return snapshot;
}

function told(changed: Changed | undefined): Snapshot {
  if (changed === undefined) throw notFound();
  throwRefusal(changed.answer, changed.verification, changed.now);
  return { verification: changed.verification, now: changed.now };
}

async function submitCode(context: Context, caller: Caller, id: string, code: string): Promise<Snapshot> {
  const changed = await change(context, id, (current) => {
    if (!mayRead(caller, current)) throw notFound();
    const expected = context.secrets.hash(context.secrets.smsCode(current.id, current.codeSalt));
    return { type: 'submit-code', matches: context.secrets.matches(code, expected) };
  });
  await countConversion(context, changed);
  return told(changed);
}

async function resend(
  context: Context,
  caller: Caller,
  id: string,
  step?: 'socket' | 'push' | 'sms',
): Promise<Snapshot> {
  return told(
    await change(context, id, async (current) => {
      if (!mayRead(caller, current)) throw notFound();
      const reach = await readReach(context, current);
      return { type: 'resend', reach, ...(step === undefined ? {} : { step }) };
    }),
  );
}

async function cancel(context: Context, caller: Caller, id: string): Promise<Snapshot> {
  return told(
    await change(context, id, (current) => {
      if (!mayRead(caller, current)) throw notFound();
      return { type: 'cancel', by: caller.kind };
    }),
  );
}

async function prompts(context: Context, device: AuthenticatedDevice) {
  const { applicationId, userId } = device;
  const { now, records } = await context.store.list({ kind: 'verification', applicationId, userId });
  const open = records.filter((verification) => verification.promptable && now < verification.expiresAt);
  return { prompts: open.map((verification) => viewPrompt(verification, now)), now };
}

function isAddressedTo(device: AuthenticatedDevice, verification: Verification): boolean {
  return (
    verification.promptable &&
    verification.applicationId === device.applicationId &&
    verification.userId === device.userId
  );
}

async function acknowledge(context: Context, device: AuthenticatedDevice, id: string, via: 'socket' | 'http') {
  const changed = await change(context, id, (current) => {
    if (!isAddressedTo(device, current)) throw notFound();
    return { type: 'acknowledge', deviceId: device.id, via };
  });
  if (changed === undefined) throw notFound();
  const { verification, now } = changed;
  if (verification.status === 'expired') {
    throw new ProblemError('verification-expired', 'This verification has expired. Take the prompt down.', {
      verificationStatus: 'expired',
    });
  }
  if (!isPending(verification)) {
    const detail = `This verification has already ended: ${verification.status}. Take the prompt down.`;
    throw new ProblemError('already-decided', detail, { verificationStatus: verification.status });
  }
  return { prompt: viewPrompt(verification, now), now };
}

async function decideByDevice(
  context: Context,
  device: AuthenticatedDevice,
  jws: string,
  id?: string,
): Promise<Snapshot> {
  const proof = await context.proofs.checkDecision(jws, device.id, device.signingKey);
  if (!proof.ok) throw new ProblemError('unauthenticated', `The signed decision was refused: ${proof.detail}`);
  const { verificationId, challenge, decision, number, promptDigest } = proof.claims;
  if (id !== undefined && id !== verificationId) {
    throw new ProblemError('unauthenticated', 'The decision was signed for another verification than the route names.');
  }
  const changed = await change(context, verificationId, async (current) => {
    if (!isAddressedTo(device, current)) throw notFound();
    if (promptDigest !== undefined && promptDigest !== context.secrets.digestJson(shownPrompt(current))) {
      throw new ProblemError(
        'invalid',
        'The answer covers another text than this prompt shows. Fetch the prompt again and answer that.',
      );
    }
    return {
      command: {
        type: 'decide',
        deviceId: device.id,
        challenge,
        decision,
        evidence: jws,
        ...(number === undefined ? {} : { number }),
      },
      unchanged: [await stillActive(context, device)],
    };
  });
  await countConversion(context, changed);
  return told(changed);
}

/** The device as the decision's write must find it: a key revoked meanwhile decides nothing. */
async function stillActive(context: Context, device: AuthenticatedDevice) {
  const { records } = await context.store.read([{ kind: 'device', id: device.id }]);
  const [current] = records;
  if (current === undefined || current.revokedAt !== undefined) {
    throw new ProblemError('unauthenticated', 'This device has been removed. Enroll it again.');
  }
  return { kind: 'device' as const, id: device.id, rev: current.rev };
}

async function view(
  context: Context,
  snapshot: Snapshot,
  audience: 'relying-party' | 'browser',
): Promise<VerificationResource> {
  const resource = viewVerification(snapshot.verification, audience);
  const claims = resultClaims(snapshot.verification);
  if (claims === undefined) return resource;
  return { ...resource, resultToken: await context.tokens.mintResult(claims, snapshot.now) };
}
