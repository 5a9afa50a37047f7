// The sample relying party: what a bank's backend does with the hub, through the SDK and the public REST API alone.
import { VerihubError } from '../../client-sdk/relying-party.ts';
import type { CreateVerificationRequest, RelyingParty } from '../../client-sdk/relying-party.ts';
import type { Clock } from '../ports/runtime.ts';
import type { Account, AskReply, EnrollmentLink, FinishReply, Person, PersonChange, Purpose } from './bank-api.ts';
import type { BankSession } from './bank-sessions.ts';
import { createUsedResults } from './used-results.ts';

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

export interface Bank {
  /** Made with a number when the hub has not met the user. */
  person(userId: string): Promise<Person>;
  changePerson(change: PersonChange): Promise<Person>;
  enrollment(userId: string): Promise<EnrollmentLink>;
  /** Asks for an approval; `trust` is what the browser's token was exchanged for, if it was. */
  ask(session: BankSession, question: Question): Promise<{ reply: AskReply; trust: Trust | null }>;
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

export function createBank({ hub, name, clock }: BankOptions): Bank {
  const used = createUsedResults(clock);

  async function person(userId: string): Promise<Person> {
    const user = await hub.getUser(userId).catch((thrown: unknown) => {
      if (thrown instanceof VerihubError && thrown.code === 'not-found')
        return hub.putUser(userId, { phoneNumber: defaultPhoneNumber });
      throw thrown;
    });
    const devices = await hub.listDevices(userId);
    return { userId, phoneNumber: user.phoneNumber ?? null, delivery: user.delivery, devices: devices.length };
  }

  function openAccount(userId: string, method: Account['method'], trust: Trust | null): Account {
    const trustedUntil = trust === null ? null : new Date(trust.endsAt).toISOString();
    return { userId, method, signedInAt: new Date(clock.now()).toISOString(), trustedUntil, payments: [] };
  }

  /** The signature says the hub minted it for us and for this verification; the read says that it still stands. Once only. */
  async function checkApproval(session: BankSession, resultToken: string) {
    const asked = session.asked;
    if (asked === null) throw new VerihubError('result-invalid', { detail: 'this browser session asked for nothing' });
    const { verificationId, userId } = asked;
    const claims = await hub.verifyResultToken(resultToken, { verificationId });
    const verification = await hub.getVerification(verificationId);
    if (verification.status !== 'approved' || verification.userId !== userId || claims.userId !== userId)
      throw new VerihubError('result-not-approved', { detail: `status is ${verification.status}` });
    if (!used.use(verificationId)) throw new VerihubError('result-used', { detail: verificationId });
    return { asked, claims };
  }

  async function finish(session: BankSession, resultToken: string, trust: Trust | null): Promise<FinishReply> {
    const { asked, claims } = await checkApproval(session, resultToken);
    if (asked.purpose === 'sign-in') session.account = openAccount(asked.userId, claims.method, trust);
    const account = session.account;
    if (account === null) throw new VerihubError('result-invalid', { detail: 'nobody is signed in' });
    if (asked.purpose === 'payment')
      account.payments.unshift({ ...payment, at: new Date(clock.now()).toISOString() });
    return { purpose: asked.purpose, account };
  }

  return {
    person,
    async changePerson({ userId, phoneNumber, delivery }) {
      await hub.putUser(userId, { phoneNumber, delivery });
      return person(userId);
    },
    async enrollment(userId) {
      await person(userId);
      const { uri, expiresAt } = await hub.createEnrollment(userId);
      return { uri, expiresAt };
    },
    async ask(session, { purpose, userId, trust, request }) {
      // Only one question at a time: the phone should not show one that nobody waits for any more.
      if (session.asked !== null) await hub.cancel(session.asked.verificationId).catch(() => {});
      const isPayment = purpose === 'payment';
      const { verification, waiterToken, serverTime, trustToken } = await hub.createVerification({
        ...request,
        userId,
        action: isPayment ? `Send ${payment.amount}` : `Sign in to ${name}`,
        session: session.label,
        locale: 'en',
        ...(isPayment ? { stepUp: true, details: paymentDetails() } : {}),
        ...(trust === null || isPayment ? {} : { trustToken: trust.token }),
      });
      session.asked = { verificationId: verification.id, purpose, userId };
      const renewed = trust === null || trustToken === undefined ? trust : { ...trust, token: trustToken };
      if (verification.status === 'approved' && verification.resultToken !== undefined) {
        const { account } = await finish(session, verification.resultToken, renewed);
        return { reply: { kind: 'signed-in', account }, trust: renewed };
      }
      const waiting = { verificationId: verification.id, purpose, waiterToken, serverTime };
      return { reply: { kind: 'waiting', waiting }, trust: renewed };
    },
    finish: (session, resultToken) => finish(session, resultToken, null),
    async trustBrowser(session) {
      if (session.account === null || session.asked === null) throw new VerihubError('not-approved');
      const { trustToken, expiresAt } = await hub.trust(session.asked.verificationId, { days: trustDays });
      session.account.trustedUntil = expiresAt;
      return { token: trustToken, endsAt: Date.parse(expiresAt) };
    },
    async forgetTrustedBrowsers(session) {
      if (session.account === null) throw new VerihubError('not-approved');
      const { userId } = session.account;
      for (const { id } of await hub.listTrustedBrowsers(userId)) await hub.revokeTrustedBrowser(userId, id);
      session.account.trustedUntil = null;
    },
  };
}

function paymentDetails() {
  return [
    { label: 'To', value: payment.to },
    { label: 'Amount', value: payment.amount },
  ];
}
