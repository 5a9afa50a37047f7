// Records for socket tests: a device and verifications of its user, as the store would keep them.
import type { Approved, Pending } from '../../../server/core/verification.ts';
import type { DeviceRecord } from '../../../server/ports/records.ts';

const key = { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43) } as const;

export function makeDevice(id: string, userId = 'alice', applicationId = 'app_1'): DeviceRecord {
  const name = `Phone ${id}`;
  return {
    id,
    rev: 1,
    applicationId,
    userId,
    name,
    platform: 'web',
    signingKey: key,
    encryptionKey: key,
    createdAt: 0,
  };
}

/** @param now what its times are counted from, milliseconds */
export function makePending(id: string, now: number, changes: Partial<Pending> = {}): Pending {
  return {
    id,
    applicationId: 'app_1',
    applicationName: 'Example Bank',
    userId: 'alice',
    action: 'Sign in',
    details: [{ label: 'Amount', value: '120.00 EUR' }],
    context: { ip: '203.0.113.7' },
    matching: { mode: 'enter', digits: 2, number: '42' },
    challenge: 'c'.repeat(43),
    codeSalt: 'salt',
    plan: 'escalate',
    promptable: true,
    waits: { socketMs: 3_000, pushMs: 10_000, answerMs: 60_000 },
    createdAt: now,
    expiresAt: now + 300_000,
    rev: 1,
    delivery: [{ step: 'socket', status: 'pending', attempts: 0, round: 1, sends: [] }],
    acknowledgements: [],
    answers: [],
    wrongNumbers: 0,
    codeAttempts: 0,
    resends: 0,
    resendAvailableAt: now,
    status: 'pending',
    dueAt: now + 3_000,
    ...changes,
  };
}

export function approvedOf({ dueAt: _dueAt, ...pending }: Pending): Approved {
  const at = pending.createdAt + 1_000;
  const decision = {
    method: 'app',
    outcome: 'approved',
    at,
    deviceId: 'dev_1',
    evidence: 'secret.evidence.jws',
  } as const;
  return { ...pending, status: 'approved', rev: pending.rev + 1, endedAt: at, decision };
}
