// The HTTP door on one screen: what every request passes through, and the route table.
import { Router } from '@koa/router';
import Koa from 'koa';
import type { Endpoint } from './endpoint.ts';
import type { HttpDeps } from './http-deps.ts';
import type { RequestFacts } from './hub-context.ts';
import { accessLog } from './middleware/access-log.ts';
import { crossOrigin } from './middleware/cross-origin.ts';
import { problems } from './middleware/problems.ts';
import { requestId } from './middleware/request-id.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { unserved } from './middleware/unserved.ts';
import { wellFormedPath } from './middleware/well-formed-path.ts';
import { acknowledgePrompt } from './routes/acknowledge-prompt.ts';
import { cancelVerification } from './routes/cancel-verification.ts';
import { createEnrollment } from './routes/create-enrollment.ts';
import { createVerification } from './routes/create-verification.ts';
import { decidePrompt } from './routes/decide-prompt.ts';
import { deleteDevice } from './routes/delete-device.ts';
import { deleteOwnDevice } from './routes/delete-own-device.ts';
import { deleteOwnTrustedBrowser } from './routes/delete-own-trusted-browser.ts';
import { deleteTrustedBrowser } from './routes/delete-trusted-browser.ts';
import { deleteUser } from './routes/delete-user.ts';
import { enrollDevice } from './routes/enroll-device.ts';
import { getEnrollPage } from './routes/get-enroll-page.ts';
import { getHealth } from './routes/get-health.ts';
import { getJwks } from './routes/get-jwks.ts';
import { getMetrics } from './routes/get-metrics.ts';
import { getPreferences } from './routes/get-preferences.ts';
import { getReadiness } from './routes/get-readiness.ts';
import { getTimeline } from './routes/get-timeline.ts';
import { getUser } from './routes/get-user.ts';
import { getVerification } from './routes/get-verification.ts';
import { listDeadLetters } from './routes/list-dead-letters.ts';
import { listDevices } from './routes/list-devices.ts';
import { listOwnTrustedBrowsers } from './routes/list-own-trusted-browsers.ts';
import { listPrompts } from './routes/list-prompts.ts';
import { listTrustedBrowsers } from './routes/list-trusted-browsers.ts';
import { listWebhookKeys } from './routes/list-webhook-keys.ts';
import { putPreferences } from './routes/put-preferences.ts';
import { putPushToken } from './routes/put-push-token.ts';
import { putUser } from './routes/put-user.ts';
import { replayDeadLetter } from './routes/replay-dead-letter.ts';
import { resendVerification } from './routes/resend-verification.ts';
import { submitCode } from './routes/submit-code.ts';
import { trustBrowser } from './routes/trust-browser.ts';
import { takeVonageInbound } from './routes/vonage-inbound.ts';
import { takeVonageStatus } from './routes/vonage-status.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export const routes: readonly [method: Method, path: string, endpoint: Endpoint][] = [
  // The relying party, and the page that waits
  ['POST', '/v1/verifications', createVerification],
  ['GET', '/v1/verifications/:id', getVerification],
  ['POST', '/v1/verifications/:id/code', submitCode],
  ['POST', '/v1/verifications/:id/resend', resendVerification],
  ['POST', '/v1/verifications/:id/cancel', cancelVerification],
  // The relying party
  ['GET', '/v1/verifications/:id/timeline', getTimeline],
  ['POST', '/v1/verifications/:id/trust', trustBrowser],
  ['PUT', '/v1/users/:userId', putUser],
  ['GET', '/v1/users/:userId', getUser],
  ['DELETE', '/v1/users/:userId', deleteUser],
  ['POST', '/v1/users/:userId/enrollments', createEnrollment],
  ['GET', '/v1/users/:userId/devices', listDevices],
  ['DELETE', '/v1/users/:userId/devices/:deviceId', deleteDevice],
  ['GET', '/v1/users/:userId/trusted-browsers', listTrustedBrowsers],
  ['DELETE', '/v1/users/:userId/trusted-browsers/:id', deleteTrustedBrowser],
  ['GET', '/v1/webhooks/keys', listWebhookKeys],
  ['GET', '/v1/webhooks/dead-letters', listDeadLetters],
  ['POST', '/v1/webhooks/dead-letters/:id/replay', replayDeadLetter],
  // The device
  ['POST', '/v1/devices', enrollDevice],
  ['GET', '/v1/device/prompts', listPrompts],
  ['POST', '/v1/device/prompts/:id/acknowledge', acknowledgePrompt],
  ['POST', '/v1/device/prompts/:id/decision', decidePrompt],
  ['PUT', '/v1/device/push-token', putPushToken],
  ['GET', '/v1/device/preferences', getPreferences],
  ['PUT', '/v1/device/preferences', putPreferences],
  ['GET', '/v1/device/trusted-browsers', listOwnTrustedBrowsers],
  ['DELETE', '/v1/device/trusted-browsers/:id', deleteOwnTrustedBrowser],
  ['DELETE', '/v1/device', deleteOwnDevice],
  // Providers
  ['POST', '/v1/providers/vonage/status', takeVonageStatus],
  ['POST', '/v1/providers/vonage/inbound', takeVonageInbound],
  // Anyone, and whoever runs the hub
  ['GET', '/.well-known/jwks.json', getJwks],
  ['GET', '/enroll', getEnrollPage],
  ['GET', '/healthz', getHealth],
  ['GET', '/readyz', getReadiness],
  ['GET', '/metrics', getMetrics],
];

export function createHttpApp(deps: HttpDeps): Koa<RequestFacts> {
  const app = new Koa<RequestFacts>();
  app.on('error', (error: unknown) => deps.logger.warn({ error }, 'a reply could not be sent to its end'));
  app.use(requestId(deps));
  app.use(accessLog(deps));
  app.use(securityHeaders(deps.settings));
  app.use(problems(deps));
  app.use(crossOrigin(deps.settings));
  app.use(wellFormedPath());
  app.use(routerOf(deps).routes());
  deps.extend?.(app);
  app.use(unserved());
  return app;
}

function routerOf(deps: HttpDeps): Router<RequestFacts> {
  const router = new Router<RequestFacts>({ sensitive: true, strict: true });
  for (const [method, path, { serve }] of routes) {
    router.register(path, [method], (ctx) => {
      ctx.state.route = path;
      return serve(ctx, deps);
    });
  }
  return router;
}
