// Joining a namespace: one credential, checked once, in a bounded number of lanes; a refusal reaches the client as a problem.
import { ProblemError } from '../core/errors.ts';
import type { Problem } from '../wire/problem.ts';
import { longestToken } from '../wire/socket-events.ts';
import type { Connections } from './connections.ts';
import { report, type RouterDeps } from './event-router.ts';
import type { Lanes } from './handshake-pace.ts';
import type { HubNamespace, HubSocket } from './socket-types.ts';

export interface HandshakeDeps extends Pick<RouterDeps, 'connections' | 'random' | 'logger'> {
  lanes: Lanes;
  /** True while this node sends its clients elsewhere. */
  isDraining(): boolean;
}

/** Socket.IO sends `message` and `data` of such an error to the client, as `connect_error`. */
class RefusedHandshake extends Error {
  readonly data: Problem;

  constructor(problem: Problem) {
    super(problem.code);
    this.data = problem;
  }
}

export interface Reception<Peer> {
  /** Who holds this credential. @throws ProblemError when nobody may enter with it */
  recognise(token: string): Promise<Peer>;
  /** The answer is called once, when the socket has gone. */
  welcome(socket: HubSocket, peer: Peer): () => void;
}

/** The token is forgotten as soon as it was checked: it is not needed again, and a heap dump should not have it. */
export function guardNamespace<Peer>(namespace: HubNamespace, deps: HandshakeDeps, reception: Reception<Peer>): void {
  const peers = new WeakMap<HubSocket, { peer: Peer }>();
  namespace.use((socket, next) => {
    const { joined } = deps.connections.stateOf(socket.conn);
    const token = takeToken(socket);
    const refuse = (error: unknown): void =>
      next(new RefusedHandshake(report(error, deps, { namespace: namespace.name, event: 'connect' })));
    if (joined.includes(namespace.name)) {
      return refuse(new ProblemError('malformed', 'This namespace is joined already.'));
    }
    joined.push(namespace.name);
    check(socket, token, deps, reception).then(
      (peer) => {
        peers.set(socket, { peer });
        next();
      },
      (error: unknown) => {
        joined.splice(joined.indexOf(namespace.name), 1);
        refuse(error);
      },
    );
  });
  namespace.on('connection', (socket) => {
    const known = peers.get(socket);
    peers.delete(socket);
    const onGone = known === undefined ? undefined : reception.welcome(socket, known.peer);
    socket.on('disconnect', () => {
      onGone?.();
      leave(socket, deps.connections);
    });
    if (known === undefined) socket.disconnect(true);
  });
}

/** A connection that has left its last namespace is of no use; without one it would stay for as long as it answers pings. */
function leave({ conn, nsp }: HubSocket, connections: Connections): void {
  const { joined } = connections.stateOf(conn);
  const index = joined.indexOf(nsp.name);
  if (index >= 0) joined.splice(index, 1);
  if (joined.length === 0) conn.close();
}

const noAuth = Object.freeze({});

function takeToken({ handshake }: HubSocket): unknown {
  const token: unknown = handshake.auth['token'];
  handshake.auth = noAuth;
  return token;
}

async function check<Peer>(
  { conn }: HubSocket,
  token: unknown,
  { lanes, isDraining }: HandshakeDeps,
  reception: Reception<Peer>,
): Promise<Peer> {
  if (isDraining()) throw new ProblemError('draining', 'This node is going away. Connect again.', { retryAfter: 1 });
  if (typeof token !== 'string' || token === '' || token.length > longestToken) {
    throw new ProblemError('unauthenticated', 'Send a credential as `auth.token`.');
  }
  return lanes.run(async () => {
    // Whoever gave up while waiting costs nothing more.
    if (conn.readyState !== 'open') throw new ProblemError('draining', 'The connection is gone.');
    return reception.recognise(token);
  });
}

/** The root namespace has nobody to talk to. */
export function refuseNamespace(namespace: HubNamespace, deps: HandshakeDeps): void {
  namespace.use((_socket, next) => {
    const error = new ProblemError('not-found', 'There is nothing here. Connect to /device or /browser.');
    next(new RefusedHandshake(report(error, deps, { namespace: namespace.name, event: 'connect' })));
  });
}
