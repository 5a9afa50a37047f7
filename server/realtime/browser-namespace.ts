// Namespace `/browser` (contract section 7): one page, one verification, told of every change.
import type { Caller } from '../app/context.ts';
import type { Snapshot, Verifications } from '../app/verifications.ts';
import { rfc3339 } from '../app/views.ts';
import type { Waiters } from '../app/waiters.ts';
import { ProblemError } from '../core/errors.ts';
import type { Clock, Metrics } from '../ports/runtime.ts';
import type { Tokens } from '../ports/security.ts';
import type { Store } from '../ports/store.ts';
import { digitsOf, nothing, resendRequest, submitCodeRequest } from '../wire/verification-calls.ts';
import { onNothing, onPayload, report, routeEvents, type EventHandlers, type RouterDeps } from './event-router.ts';
import { guardNamespace, type HandshakeDeps } from './handshakes.ts';
import { createSnapshotFeed } from './snapshot-feed.ts';
import type { HubNamespace, HubSocket } from './socket-types.ts';

export interface BrowserNamespaceDeps extends RouterDeps, HandshakeDeps {
  verifications: Pick<Verifications, 'get' | 'submitCode' | 'resend' | 'cancel' | 'view'>;
  waiters: Pick<Waiters, 'watch'>;
  tokens: Pick<Tokens, 'checkWaiter'>;
  /** Asked for its clock only (law 3). */
  store: Pick<Store, 'read'>;
  metrics: Pick<Metrics, 'socketOpened' | 'socketClosed'>;
  clock: Pick<Clock, 'monotonic' | 'after'>;
}

type Page = Extract<Caller, { kind: 'browser' }>;

/** A waiter token outlives its verification by this much (contract section 3); milliseconds. */
const graceMs = 5 * 60_000;

export function openBrowserNamespace(namespace: HubNamespace, deps: BrowserNamespaceDeps): void {
  const open = new Map<string, readonly HubSocket[]>();
  const handlers = pageEvents(deps);
  guardNamespace(namespace, deps, {
    recognise: async (token): Promise<Page> => {
      const { now } = await deps.store.read([]);
      const verificationId = await deps.tokens.checkWaiter(token, now);
      if (verificationId !== undefined) return { kind: 'browser', verificationId };
      throw new ProblemError('unauthenticated', 'The waiter token was refused: it is unknown or too old.');
    },
    welcome: (socket, page) => {
      const leave = enter(open, page.verificationId, socket, deps.limits.socketsPerWaiter);
      const stopFeeding = feed(socket, page, deps);
      deps.metrics.socketOpened('browser');
      routeEvents(socket, page, handlers, deps);
      return () => {
        stopFeeding();
        leave();
        deps.metrics.socketClosed('browser');
      };
    },
  });
}

/** One more than may be open for this verification closes the oldest. The answer takes it out again. */
function enter(open: Map<string, readonly HubSocket[]>, id: string, socket: HubSocket, limit: number): () => void {
  const others = open.get(id) ?? [];
  open.set(id, [...others, socket]);
  if (others.length >= limit) others[0]?.disconnect(true);
  return () => {
    const rest = (open.get(id) ?? []).filter((other) => other !== socket);
    if (rest.length === 0) open.delete(id);
    else open.set(id, rest);
  };
}

/** The snapshot at once, then every change, until the token would have run out. The answer ends it. */
function feed(socket: HubSocket, page: Page, deps: BrowserNamespaceDeps): () => void {
  const { waiters, verifications, clock } = deps;
  let cancelEnd: (() => void) | undefined;
  const snapshots = createSnapshotFeed({
    view: (snapshot) => verifications.view(snapshot, 'browser'),
    send: (resource) => void socket.emit('verification', resource),
    onError: (error) => void report(error, deps, { namespace: socket.nsp.name, event: 'verification' }),
  });
  // Watched before it is read: a change in between is not missed.
  const unwatch = waiters.watch(page.verificationId, snapshots.offer);
  const begin = async (): Promise<void> => {
    try {
      const first = await verifications.get(page, page.verificationId);
      if (!socket.connected) return;
      cancelEnd = clock.after(first.verification.expiresAt + graceMs - first.now, () => socket.disconnect(true));
      snapshots.offer(first);
    } catch (error) {
      report(error, deps, { namespace: socket.nsp.name, event: 'snapshot' });
      // Nothing to show yet: it shall connect again, and be told then.
      socket.conn.close();
    }
  };
  void begin();
  return () => {
    unwatch();
    cancelEnd?.();
    snapshots.end();
  };
}

function pageEvents({ verifications }: BrowserNamespaceDeps): EventHandlers<Page> {
  const told = async (snapshot: Snapshot): Promise<object> => ({
    verification: await verifications.view(snapshot, 'browser'),
    serverTime: rfc3339(snapshot.now),
  });
  return new Map([
    [
      'code',
      onPayload(submitCodeRequest, async (page: Page, { code }) =>
        told(await verifications.submitCode(page, page.verificationId, digitsOf(code))),
      ),
    ],
    [
      'resend',
      onPayload(resendRequest, async (page: Page, { step }) =>
        told(await verifications.resend(page, page.verificationId, step)),
      ),
    ],
    ['cancel', onNothing(nothing, async (page: Page) => told(await verifications.cancel(page, page.verificationId)))],
  ]);
}
