// The bank's API for its own pages: one route a line, over the session cookie.
import type { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import type { Clock } from '../ports/runtime.ts';
import type { Bank, Trust } from './bank.ts';
import { personChangeOf, signInOf, userIdOf } from './bank-request.ts';
import { setCookie } from './bank-sessions.ts';
import type { BankSessions } from './bank-sessions.ts';
import type { BankState, Purpose, SignInRequest, WaitingState } from './bank-api.ts';
import { browserName } from './browser-name.ts';
import { readJsonBody } from './json-body.ts';

export interface BankRoutesOptions {
  bank: Bank;
  sessions: BankSessions;
  clock: Clock;
  /** The hub origin. */
  origin: string;
}

const trustCookie = 'dune_trust';

export function addBankRoutes(router: Router, options: BankRoutesOptions): void {
  const { bank, sessions } = options;
  const post = (path: string, answer: (context: Context, body: Record<string, unknown>) => Promise<object>): void => {
    router.post(`/demo/api/${path}`, withBody(answer));
  };
  router.get('/demo/api/state', (context) => {
    context.body = stateOf(options, context);
  });
  router.get('/demo/api/person', async (context) => {
    context.body = await bank.person(userIdOf(context.query['userId']));
  });
  router.get('/demo/api/waiting', async (context) => {
    const waiting = await bank.isWaiting(String(context.query['verificationId']));
    context.body = { waiting } satisfies WaitingState;
  });
  post('person', (_context, body) => bank.changePerson(personChangeOf(body)));
  post('enrollment', (_context, body) => bank.enrollment(userIdOf(body['userId'])));
  post('sign-in', (context, body) => ask(options, context, { purpose: 'sign-in', ...signInOf(body) }));
  post('payment', (context, body) => {
    const userId = sessions.find(context)?.account?.userId;
    return ask(options, context, { purpose: 'payment', ...signInOf({ ...body, userId }) });
  });
  post('finish', (context, body) => finish(options, context, String(body['resultToken'])));
  post('trust', (context) => trust(options, context));
  post('forget-trust', (context) => forgetTrust(options, context));
  post('sign-out', async (context) => {
    sessions.end(context);
    return {};
  });
}

function withBody(answer: (context: Context, body: Record<string, unknown>) => Promise<object>): Middleware {
  return async (context) => {
    context.body = await answer(context, await readJsonBody(context));
  };
}

function stateOf({ sessions, origin }: BankRoutesOptions, context: Context): BankState {
  const session = sessions.find(context);
  const asked = session?.asked ?? null;
  return {
    hub: origin,
    account: session?.account ?? null,
    asked: asked === null ? null : { verificationId: asked.verificationId, purpose: asked.purpose },
  };
}

async function ask(
  { bank, sessions, clock }: BankRoutesOptions,
  context: Context,
  asked: SignInRequest & { purpose: Purpose },
): Promise<object> {
  const { purpose, userId, matching, lifetimeSeconds } = asked;
  const session = sessions.open(context);
  const { reply, trust: renewed } = await bank.ask(session, {
    purpose,
    userId,
    trust: trustOf(context, clock),
    request: {
      matching,
      lifetimeSeconds,
      context: { ip: context.ip, userAgent: browserName(context.get('user-agent')), location: 'This computer' },
    },
  });
  if (renewed !== null) keepTrust(context, renewed, clock);
  if (reply.kind === 'signed-in') sessions.renew(context, session);
  return reply;
}

async function finish({ bank, sessions }: BankRoutesOptions, context: Context, resultToken: string): Promise<object> {
  const session = sessions.open(context);
  const reply = await bank.finish(session, resultToken);
  sessions.renew(context, session);
  return reply;
}

async function trust({ bank, sessions, clock }: BankRoutesOptions, context: Context): Promise<object> {
  const session = sessions.open(context);
  keepTrust(context, await bank.trustBrowser(session), clock);
  return { account: session.account };
}

async function forgetTrust({ bank, sessions }: BankRoutesOptions, context: Context): Promise<object> {
  const session = sessions.open(context);
  await bank.forgetTrustedBrowsers(session);
  setCookie(context, trustCookie, null, 0);
  return { account: session.account };
}

/** `<end in milliseconds>~<token>`: the bank shows until when, without a table of tokens. */
function trustOf(context: Context, clock: Clock): Trust | null {
  const [, end, token] = /^(\d+)~(.+)$/.exec(context.cookies.get(trustCookie) ?? '') ?? [];
  const endsAt = Number(end);
  return token !== undefined && endsAt > clock.now() ? { token, endsAt } : null;
}

function keepTrust(context: Context, { token, endsAt }: Trust, clock: Clock): void {
  setCookie(context, trustCookie, `${endsAt}~${token}`, Math.max(0, endsAt - clock.now()));
}
