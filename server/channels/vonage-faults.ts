// What an operator must mend at Vonage, told once: no retry helps, and every message would say it again.
import type { ChannelResult } from '../core/events.ts';
import type { Clock, Logger } from '../ports/runtime.ts';

export interface VonageFault {
  /** As in the timeline. */
  reason: string;
  /** What to do about it. */
  advice: string;
  /** ISO 3166-1 alpha-2, where it concerns one country only. */
  country?: string;
}

export interface VonageFaults {
  look(result: ChannelResult, country: string | undefined): void;
}

const credentialsAdvice =
  'Check VERIHUB_VONAGE_APPLICATION_ID and VERIHUB_VONAGE_PRIVATE_KEY against the Vonage dashboard, and the clock of this machine.';

const advice: Readonly<Record<string, string>> = {
  'credentials-refused': credentialsAdvice,
  'invalid-signature': credentialsAdvice,
  'signing-failed': credentialsAdvice,
  'permission-denied': 'The application may not send: give it the Messages capability in the Vonage dashboard.',
  'low-balance': 'The Vonage account has no credit left: top it up.',
  'quota-exceeded': 'The Vonage account has no credit left: top it up.',
  'account-barred': 'Vonage has barred the account: ask its support.',
  'account-not-enabled': 'The Vonage account may not use the Messages API: ask its support.',
  'facility-not-allowed': 'The Vonage account may not use this facility: ask its support.',
  'no-such-api': 'There is no Messages API at this address: check VERIHUB_VONAGE_ENDPOINT.',
  'unsupported-channel': 'There is no SMS at this address: check VERIHUB_VONAGE_ENDPOINT.',
  'sender-refused': 'Give this country a sender of its own, such as US=+1…, in VERIHUB_VONAGE_FROM.',
};

/** What concerns one country is told again after a day; what concerns all, when it was mended and is back. */
const toldForMs = 86_400_000;

export function createVonageFaults(deps: {
  clock: Clock;
  logger: Logger;
  onFault?: ((fault: VonageFault) => void) | undefined;
}): VonageFaults {
  const { clock, logger, onFault } = deps;
  const told = new Map<string, { at: number; ofAll: boolean }>();

  const tell = (fault: VonageFault): void => {
    const key = `${fault.reason} ${fault.country ?? ''}`;
    const before = told.get(key);
    if (before !== undefined && clock.monotonic() - before.at < toldForMs) return;
    told.set(key, { at: clock.monotonic(), ofAll: fault.country === undefined });
    logger.error({ channel: 'sms', ...fault }, 'SMS do not work as configured');
    onFault?.(fault);
  };

  return {
    look(result, country) {
      if (result.kind === 'accepted') {
        for (const [key, { ofAll }] of told) if (ofAll) told.delete(key);
      }
      if (result.kind !== 'rejected') return;
      const { reason } = result;
      const isAboutCountry = reason === 'sender-refused';
      if (!isAboutCountry && result.configuration !== true) return;
      tell({ reason, advice: advice[reason] ?? '', ...(isAboutCountry && country !== undefined ? { country } : {}) });
    },
  };
}
