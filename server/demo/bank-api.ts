// What the bank's pages and its backend say to each other: types only, shared by both sides.
import type { DecisionMethod, DeliveryPreference, MatchingMode, TimelineEntry } from '../../client-sdk/protocol.ts';

/** Why the bank asks. A payment asks again even on a trusted browser. */
export type Purpose = 'sign-in' | 'payment';

/** What the demo's controls show of a user. */
export interface Person {
  userId: string;
  /** E.164. */
  phoneNumber: string | null;
  delivery: DeliveryPreference;
  devices: number;
}

export interface PersonChange {
  userId: string;
  phoneNumber: string | null;
  delivery: DeliveryPreference;
}

export interface SignInRequest {
  userId: string;
  matching: { mode: MatchingMode; digits?: number };
  lifetimeSeconds: number;
}

export interface Payment {
  to: string;
  /** Such as `120.00 EUR`. */
  amount: string;
  /** RFC 3339. */
  at: string;
  /** How it was approved. */
  method: DecisionMethod | null;
}

export interface Account {
  userId: string;
  method: DecisionMethod | null;
  /** RFC 3339. */
  signedInAt: string;
  /** RFC 3339, or null when this browser is not trusted. */
  trustedUntil: string | null;
  /** Newest first. */
  payments: Payment[];
}

/** What the waiting page needs to follow one verification. */
export interface Waiting {
  verificationId: string;
  purpose: Purpose;
  waiterToken: string;
  serverTime: string;
}

export type AskReply = { kind: 'waiting'; waiting: Waiting } | { kind: 'signed-in'; account: Account };

/** What a page that was just loaded finds: the waiter token is not among it, the page keeps that itself. */
export interface BankState {
  /** The hub origin. */
  hub: string;
  account: Account | null;
  asked: { verificationId: string; purpose: Purpose } | null;
}

export interface FinishReply {
  purpose: Purpose;
  account: Account;
}

export interface EnrollmentLink {
  uri: string;
  expiresAt: string;
}

/** For the simulated phone system, which takes down the notification of a request that nobody waits for any more. */
export interface WaitingState {
  waiting: boolean;
}

export interface TimelineView {
  timeline: TimelineEntry[];
}

/** A failure, with a text for a person. */
export interface BankProblem {
  code: string;
  message: string;
}
