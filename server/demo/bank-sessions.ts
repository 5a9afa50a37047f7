// The bank's own sessions, in memory: who is signed in here, and which verification this browser began.
import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { Clock } from '../ports/runtime.ts';
import type { Account, Purpose } from './bank-api.ts';

export interface BankSession {
  /** What the hub knows this browser session as, for its caps; not the cookie. */
  label: string;
  asked: { verificationId: string; purpose: Purpose; userId: string } | null;
  account: Account | null;
}

export interface BankSessions {
  /** The session of this browser, or a new one whose cookie is set with the answer. */
  open(context: Context): BankSession;
  /** The session of this browser, or undefined. */
  find(context: Context): BankSession | undefined;
  /** Gives the session a new cookie, so that one planted before the sign-in is worth nothing (session fixation). */
  renew(context: Context, session: BankSession): void;
  end(context: Context): void;
}

const cookieName = 'dune_session';
const lifetimeMs = 8 * 3_600_000;
/** Of a demo nobody needs more; the oldest go first. */
const kept = 1_000;

export function createBankSessions(clock: Clock): BankSessions {
  const sessions = new Map<string, { session: BankSession; endsAt: number }>();

  function find(context: Context): BankSession | undefined {
    const entry = sessions.get(context.cookies.get(cookieName) ?? '');
    return entry !== undefined && entry.endsAt > clock.now() ? entry.session : undefined;
  }

  function keep(context: Context, session: BankSession): void {
    const id = randomBytes(32).toString('base64url');
    sessions.set(id, { session, endsAt: clock.now() + lifetimeMs });
    for (const oldest of sessions.keys()) {
      if (sessions.size <= kept) break;
      sessions.delete(oldest);
    }
    setCookie(context, cookieName, id, lifetimeMs);
  }

  return {
    find,
    open(context) {
      const known = find(context);
      if (known !== undefined) return known;
      const session: BankSession = { label: randomBytes(16).toString('base64url'), asked: null, account: null };
      keep(context, session);
      return session;
    },
    renew(context, session) {
      sessions.delete(context.cookies.get(cookieName) ?? '');
      keep(context, session);
    },
    end(context) {
      sessions.delete(context.cookies.get(cookieName) ?? '');
      setCookie(context, cookieName, null, 0);
    },
  };
}

/** `null` deletes it. Only the bank's own pages get it back, and no script can read it. */
export function setCookie(context: Context, name: string, value: string | null, maxAgeMs: number): void {
  context.cookies.set(name, value, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/demo/',
    overwrite: true,
    ...(value === null ? {} : { maxAge: maxAgeMs }),
  });
}
