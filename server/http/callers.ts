// Who calls: every kind of caller, and how each is recognised. Credentials come in `Authorization: Bearer` only (contract section 3).
import { createHash, timingSafeEqual } from 'node:crypto';
import type { AuthenticatedDevice, Caller } from '../app/context.ts';
import { ProblemError } from '../core/errors.ts';
import type { VonageCallbacks } from '../ports/callbacks.ts';
import type { ApplicationRecord } from '../ports/records.ts';
import type { HttpDeps } from './http-deps.ts';
import type { HubContext } from './hub-context.ts';

/** What an endpoint is told of its caller, by the kind it asks for. */
export interface Callers {
  anyone: undefined;
  'relying-party': ApplicationRecord;
  'relying-party-or-browser': Caller;
  /** The enrollment token itself: enrolling spends it. */
  'enrolling-app': string;
  device: AuthenticatedDevice;
  /** Vonage itself: it has signed the call, and will have signed its body (`bodyHash`). */
  vonage: VonageCallbacks;
  operator: undefined;
}
export type CallerKind = keyof Callers;

export const recognise: { [K in CallerKind]: (ctx: HubContext, deps: HttpDeps) => Promise<Callers[K]> } = {
  anyone: async () => undefined,
  'relying-party': relyingParty,
  'relying-party-or-browser': async (ctx, deps) => {
    const token = bearerOf(ctx);
    if (token.startsWith('vh_')) return { kind: 'relying-party', application: await relyingParty(ctx, deps) };
    return browser(token, ctx, deps);
  },
  'enrolling-app': async (ctx) => {
    const token = bearerOf(ctx);
    if (!token.startsWith('enr_')) throw unauthenticated('An enrollment token is needed: scan a new one.');
    return token;
  },
  device: async (ctx, { devices }) => {
    const device = await devices.authenticate(bearerOf(ctx));
    ctx.state.caller = { applicationId: device.applicationId, deviceId: device.id };
    return device;
  },
  vonage: async (ctx, { store, vonage }) => {
    const token = bearerOf(ctx);
    const { now } = await store.read([]);
    const claims = vonage?.check(token, now);
    if (vonage === undefined || claims === undefined) throw unauthenticated('The signature of this call was refused.');
    ctx.state.bodyHash = claims.payloadHash;
    return vonage;
  },
  operator,
};

async function relyingParty(ctx: HubContext, { applications }: HttpDeps): Promise<ApplicationRecord> {
  const application = await applications.authenticate(bearerOf(ctx));
  ctx.state.caller = { applicationId: application.id };
  return application;
}

async function browser(token: string, ctx: HubContext, { store, tokens }: HttpDeps): Promise<Caller> {
  const { now } = await store.read([]);
  const verificationId = await tokens.checkWaiter(token, now);
  if (verificationId === undefined) throw unauthenticated('The waiter token was refused: it is unknown or too old.');
  ctx.state.caller = { verificationId };
  return { kind: 'browser', verificationId };
}

/** Whoever runs this machine, or holds the metrics token. */
async function operator(ctx: HubContext, { settings }: HttpDeps): Promise<undefined> {
  if (isLocal(ctx)) return undefined;
  const { metricsToken } = settings;
  if (metricsToken === undefined) throw new ProblemError('not-found', 'There is nothing here.');
  if (!isSame(bearerOf(ctx), metricsToken)) throw unauthenticated('The metrics token was refused.');
  return undefined;
}

/** A proxy on this machine forwards for others: what it brings is not local. */
function isLocal(ctx: HubContext): boolean {
  const isForwarded = ['forwarded', 'x-forwarded-for', 'via'].some((name) => ctx.headers[name] !== undefined);
  return !isForwarded && /^(127\.|::1$|::ffff:127\.)/.test(ctx.req.socket.remoteAddress ?? '');
}

function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** RFC 6750, section 2.1: a token68 after the scheme, which is case-insensitive. */
function bearerOf(ctx: HubContext): string {
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(ctx.get('authorization'))?.[1];
  if (token === undefined) throw unauthenticated('Send a credential as "Authorization: Bearer …".');
  return token;
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError('unauthenticated', detail);
}
