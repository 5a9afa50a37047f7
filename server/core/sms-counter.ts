// What is remembered of the SMS that were sent, and what it says about the next one. Pure data, so that all nodes share it.
import type { SmsLimits } from './sms-policy.ts';
import { add, countIn, takeBack, type Bucket, type Window } from './sms-window.ts';
import type { Timestamp } from './verification.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Any ten minutes. */
export const recentWindow: Window = { lengthMs: 10 * minute, bucketMs: minute };
const dayWindow: Window = { lengthMs: 24 * hour, bucketMs: hour };
const sampleWindow: Window = { lengthMs: hour, bucketMs: 5 * minute };

/** Fewer than these say nothing about a block of numbers. */
const sampleSize = 50;

/** How long a block gets nothing once hardly anybody in it used what was sent. Milliseconds. */
export const coolDownMs = 30 * minute;

/** By dedupe id. `admitted` once every other bound had let it pass: sent again after that, it counts nothing. */
interface CountedMessage {
  id: string;
  at: Timestamp;
  admitted?: true;
}

export interface NumberCounter {
  scope: 'number';
  messages: CountedMessage[];
}

export type Range = 'prefix' | 'country' | 'application';

export interface RangeCounter {
  scope: Range;
  recent: Bucket[];
  /** Of an application. */
  day?: Bucket[];
  /** Of a prefix: what was sent, and how many of those were approved. */
  sent?: Bucket[];
  converted?: Bucket[];
  /** Nothing goes there until then. */
  shutUntil?: Timestamp;
  /** The operator knows of the limit that was reached until then. */
  toldUntil?: Timestamp;
}

export type SmsCounter = NumberCounter | RangeCounter;

/** How long after its last change a counter may be forgotten, in milliseconds. */
export const keepMs: Readonly<Record<SmsCounter['scope'], number>> = {
  number: recentWindow.lengthMs,
  prefix: 2 * hour,
  country: 2 * recentWindow.lengthMs,
  application: 26 * hour,
};

export interface CountedForNumber {
  /** Undefined: as it was. */
  next: NumberCounter | undefined;
  verdict: 'counted' | 'admitted' | 'refused';
}

/** Counts a message to a number, once for each id. */
export function countForNumber(
  counter: NumberCounter | undefined,
  id: string,
  { perNumber }: SmsLimits,
  now: Timestamp,
): CountedForNumber {
  const { lengthMs } = recentWindow;
  const messages = (counter?.messages ?? []).filter(({ at }) => at + lengthMs > now && at <= now + lengthMs);
  const known = messages.find((message) => message.id === id);
  if (known !== undefined) return { next: undefined, verdict: known.admitted === true ? 'admitted' : 'counted' };
  if (messages.length >= perNumber) return { next: undefined, verdict: 'refused' };
  return { next: { scope: 'number', messages: [...messages, { id, at: now }] }, verdict: 'counted' };
}

/** Remembers that every bound has let this message pass. */
export function admitForNumber(counter: NumberCounter, id: string): NumberCounter {
  const messages = counter.messages.map((message) =>
    message.id === id ? { ...message, admitted: true as const } : message,
  );
  return { ...counter, messages };
}

/** The message goes nowhere after all: another bound refused it. */
export function uncountForNumber(counter: NumberCounter, id: string): NumberCounter {
  return { ...counter, messages: counter.messages.filter((message) => message.id !== id || message.admitted === true) };
}

/** What the operator is told, once each time. */
export type SmsAlarm =
  | { alarm: 'low-conversion'; sent: number; converted: number }
  | { alarm: 'limit-reached'; limit: Range | 'day'; most: number };

export interface CountedInRange {
  /** Undefined: as it was. */
  next: RangeCounter | undefined;
  refused?: 'budget' | 'fraud-guard';
  alarm?: SmsAlarm;
}

/** Counts a message to a prefix, a country or in an application, or refuses it. */
export function countInRange(
  known: RangeCounter | undefined,
  scope: Range,
  limits: SmsLimits,
  now: Timestamp,
): CountedInRange {
  const counter = reopened(known ?? { scope, recent: [] }, limits, now);
  const unused = scope === 'prefix' ? lowConversion(counter, limits, now) : undefined;
  if (unused !== undefined) return unused;
  const reached = limitReached(counter, limits, now);
  if (reached !== undefined) return overLimit(counter, reached, now);
  const next: RangeCounter = { ...counter, recent: add(counter.recent, recentWindow, now) };
  if (scope === 'prefix') next.sent = add(counter.sent ?? [], sampleWindow, now);
  if (scope === 'application') next.day = add(counter.day ?? [], dayWindow, now);
  return { next };
}

/** What was counted at `at` goes nowhere after all. */
export function uncountInRange(counter: RangeCounter, at: Timestamp): RangeCounter {
  const { recent, day, sent } = counter;
  return {
    ...counter,
    recent: takeBack(recent, recentWindow, at),
    ...(day === undefined ? {} : { day: takeBack(day, dayWindow, at) }),
    ...(sent === undefined ? {} : { sent: takeBack(sent, sampleWindow, at) }),
  };
}

/** One of the messages to this prefix led to an approval. */
export function convertInRange(counter: RangeCounter, now: Timestamp): RangeCounter {
  return { ...counter, converted: add(counter.converted ?? [], sampleWindow, now) };
}

function sampleOf({ sent = [], converted = [] }: RangeCounter, now: Timestamp) {
  return { sent: countIn(sent, sampleWindow, now), converted: countIn(converted, sampleWindow, now) };
}

function isLow({ sent, converted }: { sent: number; converted: number }, { minConversionPercent }: SmsLimits): boolean {
  return sent >= sampleSize && converted * 100 < minConversionPercent * sent;
}

/** A block that was shut opens again as soon as people have typed their codes after all, and after its time with a clean slate. */
function reopened(counter: RangeCounter, limits: SmsLimits, now: Timestamp): RangeCounter {
  const { shutUntil, ...open } = counter;
  if (shutUntil === undefined) return counter;
  if (now >= shutUntil) return { ...open, sent: [], converted: [] };
  return isLow(sampleOf(counter, now), limits) ? counter : open;
}

function lowConversion(counter: RangeCounter, limits: SmsLimits, now: Timestamp): CountedInRange | undefined {
  if (counter.shutUntil !== undefined) return { next: undefined, refused: 'fraud-guard' };
  const sample = sampleOf(counter, now);
  if (!isLow(sample, limits)) return undefined;
  const next = { ...counter, shutUntil: now + coolDownMs };
  return { next, refused: 'fraud-guard', alarm: { alarm: 'low-conversion', ...sample } };
}

interface Reached {
  limit: Range | 'day';
  most: number;
  lengthMs: number;
}

function limitReached(
  { scope, recent, day = [] }: RangeCounter,
  limits: SmsLimits,
  now: Timestamp,
): Reached | undefined {
  const most = { prefix: limits.perPrefix, country: limits.perCountry, application: limits.perApplication }[scope];
  if (countIn(recent, recentWindow, now) >= most) return { limit: scope, most, lengthMs: recentWindow.lengthMs };
  const isSpent = scope === 'application' && countIn(day, dayWindow, now) >= limits.perDay;
  return isSpent ? { limit: 'day', most: limits.perDay, lengthMs: dayWindow.lengthMs } : undefined;
}

function overLimit(counter: RangeCounter, { limit, most, lengthMs }: Reached, now: Timestamp): CountedInRange {
  const isKnown = counter.toldUntil !== undefined && now < counter.toldUntil;
  if (isKnown) return { next: undefined, refused: 'budget' };
  const next = { ...counter, toldUntil: now + lengthMs };
  return { next, refused: 'budget', alarm: { alarm: 'limit-reached', limit, most } };
}
