/** How a device stands towards its hub, with a text that a person can act on. */
import type { VerihubError } from './errors.ts';

export const deviceConditions = ['closed', 'connecting', 'online', 'offline', 'reconnecting', 'revoked'] as const;
export type DeviceCondition = (typeof deviceConditions)[number];

export interface DeviceState {
  condition: DeviceCondition;
  /** For people. Programs go by `condition`. */
  text: string;
  /** For developers: what stands in the way of being online. */
  error?: VerihubError;
}

const texts: Record<DeviceCondition, string> = {
  closed: 'Not connected.',
  connecting: 'Connecting…',
  online: 'Connected. Sign-in requests appear here at once.',
  offline: 'No connection: check your network.',
  reconnecting: 'The connection was lost; trying again.',
  revoked: 'This device is no longer enrolled: it was removed from the account. Enroll it again with a new code.',
};

/** `waitingUntil`: local time until which the open request can still be answered, if there is one. */
export function describeDevice(condition: DeviceCondition, waitingUntil?: string): DeviceState {
  const waits = waitingUntil !== undefined && (condition === 'offline' || condition === 'reconnecting');
  return {
    condition,
    text: waits ? `${texts[condition]} Your sign-in is still waiting until ${waitingUntil}.` : texts[condition],
  };
}

export function localTime(epochMs: number): string {
  return new Date(epochMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
