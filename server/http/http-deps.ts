// What the HTTP door is given: use cases, and what it reports to.
import type Koa from 'koa';
import type { Applications } from '../app/applications.ts';
import type { DeadLetters } from '../app/dead-letters.ts';
import type { Devices } from '../app/devices.ts';
import type { Receipts } from '../app/receipts.ts';
import type { SmsOptOuts } from '../app/sms-opt-outs.ts';
import type { TrustedBrowsers } from '../app/trusted-browsers.ts';
import type { Users } from '../app/users.ts';
import type { Verifications } from '../app/verifications.ts';
import type { Waiters } from '../app/waiters.ts';
import type { VonageCallbacks } from '../ports/callbacks.ts';
import type { Clock, Logger, Metrics, Random } from '../ports/runtime.ts';
import type { Tokens, WebhookSigner } from '../ports/security.ts';
import type { Store } from '../ports/store.ts';
import type { RequestFacts } from './hub-context.ts';

export interface HttpSettings {
  /** The hub origin: scheme, host and port, as clients see it. */
  origin: string;
  /** Web origins that may call besides the hub's own. */
  allowedOrigins: readonly string[];
  /** Opens `/metrics` to others than this machine. */
  metricsToken?: string;
}

export interface HttpDeps {
  applications: Pick<Applications, 'authenticate'>;
  verifications: Verifications;
  waiters: Pick<Waiters, 'waitFor'>;
  users: Users;
  devices: Devices;
  trustedBrowsers: TrustedBrowsers;
  receipts: Receipts;
  smsOptOuts: SmsOptOuts;
  /** Undefined without its signature secret: then nobody is Vonage. */
  vonage?: VonageCallbacks | undefined;
  deadLetters: DeadLetters;
  webhookKeys: Pick<WebhookSigner, 'publicKeys'>;
  tokens: Pick<Tokens, 'checkWaiter' | 'jwks'>;
  /** Asked for its clock only (law 3). */
  store: Pick<Store, 'read'>;
  health: {
    live(): { ok: boolean };
    ready(): Promise<{ ok: true } | { ok: false; because: 'draining' | 'store' | 'busy' }>;
  };
  /** The text of `/metrics`. */
  renderMetrics(): Promise<{ contentType: string; body: string }>;
  logger: Logger;
  metrics: Pick<Metrics, 'request'>;
  clock: Clock;
  random: Random;
  settings: HttpSettings;
  /** Adds what is asked after the hub's own routes: the demo. */
  extend?: (app: Koa<RequestFacts>) => void;
}
