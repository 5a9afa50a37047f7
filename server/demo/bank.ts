// The sample relying party: what a bank's backend does with the hub, through the SDK and the public REST API alone.
import { VerihubError } from '../../client-sdk/relying-party.ts';
import type { CreateVerificationRequest, RelyingParty } from '../../client-sdk/relying-party.ts';
import type { Clock } from '../ports/runtime.ts';
import type { AskReply, EnrollmentLink, FinishReply, Person, PersonChange, Purpose } from './bank-api.ts';
import type { BankSession } from './bank-sessions.ts';
import { createUsedResults } from './used-results.ts';
import type { UsedResults } from './used-results.ts';

export interface BankOptions {
  hub: RelyingParty;
  /** Shown in what the person approves. */
  name: string;
  clock: Clock;
}

/** A trusted browser: kept by the browser in a cookie, never by the bank. */
export interface Trust {
  token: string;
  /** Milliseconds since the Unix epoch. */
  endsAt: number;
}

export interface Question {
  purpose: Purpose;
  userId: string;
  trust: Trust | null;
  request: Pick<CreateVerificationRequest, 'context' | 'matching' | 'lifetimeSeconds' | 'details'>;
}

export interface Asked {
  reply: AskReply;
  trust: Trust | null;
}

export interface Bank {
  /** Made with a number when the hub has not met the user. */
  person(userId: string): Promise<Person>;
  changePerson(change: PersonChange): Promise<Person>;
  enrollment(userId: string): Promise<EnrollmentLink>;
  /** Whether an answer to it can still be given. */
  isWaiting(verificationId: string): Promise<boolean>;
  /** Asks for an approval; `trust` is what the browser's token was exchanged for, if it was. */
  ask(session: BankSession, question: Question): Promise<Asked>;
  /** Checks what the page brought back and opens the account. Rejects with `VerihubError`. */
  finish(session: BankSession, resultToken: string): Promise<FinishReply>;
  /** Once per approved sign-in. */
  trustBrowser(session: BankSession): Promise<Trust>;
  forgetTrustedBrowsers(session: BankSession): Promise<void>;
}

/** Ofcom keeps this number out of service for films and demos. */
const defaultPhoneNumber = '+447700900123';
const payment = { to: 'Mira Okafor', amount: '120.00 EUR' };
const trustDays = 30;

/** What every desk of the bank works with. */
interface Desk extends BankOptions {
  used: UsedResults;
}

export function createBank(options: BankOptions): Bank {
  const desk: Desk = { ...options, used: createUsedResults(options.clock) };
  return {
    person: (userId) => person(desk, userId),
    changePerson: (change) => changePerson(desk, change),
    enrollment: (userId) => enrollment(desk, userId),
    isWaiting: async (verificationId) => (await desk.hub.getVerification(verificationId)).status === 'pending',
    ask: (session, question) => ask(desk, session, question),
    finish: (session, resultToken) => finish(desk, session, resultToken, null),
    trustBrowser: (session) => trustBrowser(desk, session),
    forgetTrustedBrowsers: (session) => forgetTrustedBrowsers(desk, session),
  };
}

async function person({ hub }: Desk, userId: string): Promise<Person> {
  const user = await hub.getUser(userId).catch((thrown: unknown) => {
    if (thrown instanceof VerihubError && thrown.code === 'not-found')
      return hub.putUser(userId, { phoneNumber: defaultPhoneNumber });
    throw thrown;
  });
  const devices = await hub.listDevices(userId);
  return { userId, phoneNumber: user.phoneNumber ?? null, delivery: user.delivery, devices: devices.length };
}

async function changePerson(desk: Desk, { userId, phoneNumber, delivery }: PersonChange): Promise<Person> {
  await desk.hub.putUser(userId, { phoneNumber, delivery });
  return person(desk, userId);
}

async function enrollment(desk: Desk, userId: string): Promise<EnrollmentLink> {
  await person(desk, userId);
  const { uri, expiresAt } = await desk.hub.createEnrollment(userId);
  return { uri, expiresAt };
}

async function ask(desk: Desk, session: BankSession, question: Question): Promise<Asked> {
  const { hub } = desk;
  const { purpose, userId, trust } = question;
  // Only one question at a time: the phone should not show one that nobody waits for any more.
  if (session.asked !== null) await hub.cancel(session.asked.verificationId).catch(() => {});
  const { verification, waiterToken, serverTime, trustToken } = await hub.createVerification(
    requestFor(desk, session, question),
  );
  session.asked = { verificationId: verification.id, purpose, userId };
  const renewed = trust === null || trustToken === undefined ? trust : { ...trust, token: trustToken };
  if (verification.status === 'approved' && verification.resultToken !== undefined) {
    const { account } = await finish(desk, session, verification.resultToken, renewed);
    return { reply: { kind: 'signed-in', account }, trust: renewed };
  }
  const waiting = { verificationId: verification.id, purpose, waiterToken, serverTime };
  return { reply: { kind: 'waiting', waiting }, trust: renewed };
}

function requestFor({ name }: Desk, session: BankSession, { purpose, userId, trust, request }: Question) {
  const common = { ...request, userId, session: session.label, locale: 'en' };
  if (purpose === 'payment')
    return { ...common, action: `Send ${payment.amount}`, details: paymentDetails(), stepUp: true };
  return { ...common, action: `Sign in to ${name}`, ...(trust === null ? {} : { trustToken: trust.token }) };
}

async function finish(
  desk: Desk,
  session: BankSession,
  resultToken: string,
  trust: Trust | null,
): Promise<FinishReply> {
  const { asked, claims } = await checkApproval(desk, session, resultToken);
  const now = new Date(desk.clock.now()).toISOString();
  const trustedUntil = trust === null ? null : new Date(trust.endsAt).toISOString();
  if (asked.purpose === 'sign-in')
    session.account = { userId: asked.userId, method: claims.method, signedInAt: now, trustedUntil, payments: [] };
  const account = session.account;
  if (account === null) throw new VerihubError('result-invalid', { detail: 'nobody is signed in' });
  if (asked.purpose === 'payment') account.payments.unshift({ ...payment, at: now, method: claims.method });
  return { purpose: asked.purpose, account };
}

/** The signature says the hub minted it for us and for this verification; the read says that it still stands. Once only. */
async function checkApproval({ hub, used }: Desk, { asked }: BankSession, resultToken: string) {
  if (asked === null) throw new VerihubError('result-invalid', { detail: 'this browser session asked for nothing' });
  const { verificationId, userId } = asked;
  const claims = await hub.verifyResultToken(resultToken, { verificationId });
  const verification = await hub.getVerification(verificationId);
  if (verification.status !== 'approved' || verification.userId !== userId || claims.userId !== userId)
    throw new VerihubError('result-not-approved', { detail: `status is ${verification.status}` });
  if (!used.use(verificationId)) throw new VerihubError('result-used', { detail: verificationId });
  return { asked, claims };
}

async function trustBrowser({ hub }: Desk, session: BankSession): Promise<Trust> {
  if (session.account === null || session.asked === null) throw new VerihubError('not-approved');
  const { trustToken, expiresAt } = await hub.trust(session.asked.verificationId, { days: trustDays });
  session.account.trustedUntil = expiresAt;
  return { token: trustToken, endsAt: Date.parse(expiresAt) };
}

async function forgetTrustedBrowsers({ hub }: Desk, session: BankSession): Promise<void> {
  if (session.account === null) throw new VerihubError('not-approved');
  const { userId } = session.account;
  for (const { id } of await hub.listTrustedBrowsers(userId)) await hub.revokeTrustedBrowser(userId, id);
  session.account.trustedUntil = null;
}

function paymentDetails() {
  return [
    { label: 'To', value: payment.to },
    { label: 'Amount', value: payment.amount },
  ];
}
