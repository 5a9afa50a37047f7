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
  const recognise = async (token: string): Promise<Page> => {
    const { now } = await deps.store.read([]);
    const verificationId = await deps.tokens.checkWaiter(token, now);
    if (verificationId !== undefined) return { kind: 'browser', verificationId };
    throw new ProblemError('unauthenticated', 'The waiter token was refused: it is unknown or too old.');
  };
  guardNamespace(namespace, deps, recognise, (socket, page) => welcome(socket, page, open, deps));
}

function welcome(
  socket: HubSocket,
  page: Page,
  open: Map<string, readonly HubSocket[]>,
  deps: BrowserNamespaceDeps,
): void {
  const { verificationId } = page;
  const others = open.get(verificationId) ?? [];
  open.set(verificationId, [...others, socket]);
  if (others.length >= deps.limits.socketsPerWaiter) others[0]?.disconnect(true);
  const stopFeeding = feed(socket, page, deps);
  deps.metrics.socketOpened('browser');
  socket.once('disconnect', () => {
    stopFeeding();
    const rest = (open.get(verificationId) ?? []).filter((other) => other !== socket);
    if (rest.length === 0) open.delete(verificationId);
    else open.set(verificationId, rest);
    deps.metrics.socketClosed('browser');
  });
  routeEvents(socket, pageEvents(page, deps), deps);
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

function pageEvents(page: Page, { verifications }: BrowserNamespaceDeps): EventHandlers {
  const id = page.verificationId;
  const told = async (snapshot: Snapshot): Promise<object> => ({
    verification: await verifications.view(snapshot, 'browser'),
    serverTime: rfc3339(snapshot.now),
  });
  return new Map([
    [
      'code',
      onPayload(submitCodeRequest, async ({ code }) => told(await verifications.submitCode(page, id, digitsOf(code)))),
    ],
    ['resend', onPayload(resendRequest, async ({ step }) => told(await verifications.resend(page, id, step)))],
    ['cancel', onNothing(nothing, async () => told(await verifications.cancel(page, id)))],
  ]);
}
