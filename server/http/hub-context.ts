// A request as the hub's own middleware sees it: Koa's context with what is known of the request so far.
import type { Middleware, ParameterizedContext } from 'koa';

export interface RequestFacts {
  requestId?: string;
  /** The template of the route that took it, such as `/v1/users/:userId`. */
  route?: string;
  /** SHA-256 that the body must have, hexadecimal: whoever called has signed it. */
  bodyHash?: string;
  /** Ids of whoever it was, once they have been recognised. */
  caller?: { applicationId?: string; deviceId?: string; verificationId?: string };
}

export type HubContext = ParameterizedContext<RequestFacts>;
export type HubMiddleware = Middleware<RequestFacts>;
