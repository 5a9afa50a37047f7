// The demo: a sample bank, a phone and an outbox, served under /demo by a hub in development. A client of the hub like any other.
import { Router } from '@koa/router';
import type { Context } from 'koa';
import { createRelyingParty, VerihubError } from '../../client-sdk/relying-party.ts';
import type { Clock, Logger } from '../ports/runtime.ts';
import { createBank } from './bank.ts';
import type { BankProblem } from './bank-api.ts';
import { addBankRoutes } from './bank-routes.ts';
import { createBankSessions } from './bank-sessions.ts';
import { setDemoHeaders } from './demo-headers.ts';
import { RefusedRequest } from './json-body.ts';
import { createOutboxFeed } from './outbox-feed.ts';
import type { DemoOutbox, OutboxFeed } from './outbox-feed.ts';
import { addPageRoutes, sendTrouble } from './page-routes.ts';
import { ScriptsUnavailable } from './page-scripts.ts';

export interface DemoOptions {
  /** Base URL of the hub as this process reaches it, such as `http://127.0.0.1:3000`. */
  hubUrl: string;
  /** The hub origin: what its tokens name, and where people open the demo. */
  origin: string;
  /** Of the demo's application. */
  apiKey: string;
  /** The application's name, as phones show it. */
  bankName: string;
  outbox: DemoOutbox;
  clock: Clock;
  logger: Logger;
}

export interface Demo {
  /** Answers what is below `/demo`, and `/`, which leads there; everything else goes on to the next middleware. */
  routes: ReturnType<Router['routes']>;
  /** Ends the live streams. */
  close(): void;
}

export function createDemo({ hubUrl, origin, apiKey, bankName, outbox, clock, logger }: DemoOptions): Demo {
  const router = new Router({ strict: true });
  router.use(async (context, next) => {
    setDemoHeaders(context);
    // For the access log, which goes by routes and never by paths.
    context.state['route'] = '/demo';
    try {
      await next();
    } catch (thrown) {
      tellTrouble(context, thrown, logger);
    }
  });
  const feed = createOutboxFeed(outbox, clock);
  const hub = createRelyingParty({ hub: origin, endpoint: hubUrl, apiKey });
  const bank = createBank({ hub, name: bankName, clock });
  addBankRoutes(router, { bank, sessions: createBankSessions(clock), clock, origin });
  addOutboxRoutes(router, feed);
  addPageRoutes(router, { origin, bankName });
  return { routes: router.routes(), close: () => feed.close() };
}

function addOutboxRoutes(router: Router, feed: OutboxFeed): void {
  router.get('/demo/api/outbox', (context) => {
    context.body = feed.list();
  });
  router.get('/demo/api/outbox/stream', (context) => {
    // Written as it comes: a reader that goes away is no failure of a reply.
    context.respond = false;
    feed.stream(context.res);
  });
}

/** What is not the demo's own trouble is the hub's to tell. */
function tellTrouble(context: Context, thrown: unknown, logger: Logger): void {
  if (thrown instanceof ScriptsUnavailable) return sendTrouble(context, thrown);
  if (thrown instanceof RefusedRequest)
    return send(context, thrown.status, { code: 'refused', message: thrown.message });
  if (!(thrown instanceof VerihubError)) throw thrown;
  const status = thrown.status ?? (ownFindings.has(thrown.code) ? 422 : 502);
  if (status >= 500) logger.warn({ error: thrown, path: context.path }, 'the sample bank could not reach its hub');
  return send(context, status, { code: thrown.code, message: thrown.message });
}

/** What the bank itself finds of a result, without asking the hub. */
const ownFindings: ReadonlySet<string> = new Set([
  'result-invalid',
  'result-used',
  'result-not-approved',
  'not-approved',
]);

function send(context: Context, status: number, problem: BankProblem): void {
  context.status = status;
  context.body = problem;
}
