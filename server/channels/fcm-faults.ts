// Settings at Google that are wrong: told to the operator once, and told apart from one phone that cannot be reached.
import type { ChannelResult } from '../core/events.ts';
import type { Clock, Logger } from '../ports/runtime.ts';

export interface ConfigurationFault {
  /** As in the timeline. */
  reason: string;
  /** What to do about it. */
  advice: string;
}

export interface FcmFaults {
  /** The result as the hub should take it: what looks like one recipient's trouble becomes everybody's when it is. */
  judge(result: ChannelResult, token: string): ChannelResult;
}

interface FaultsDeps {
  clock: Clock;
  logger: Logger;
  onFault?: ((fault: ConfigurationFault) => void) | undefined;
}

const advice: Readonly<Record<string, string>> = {
  'sender-id-mismatch':
    'An app was built for another Firebase project: compare its google-services.json with VERIHUB_FCM_PROJECT_ID.',
  'third-party-auth':
    'Google may not send to Apple or to browsers for us: renew the APNs key or web push certificate in the Firebase console.',
  'credentials-refused':
    'Google refuses our credentials: check that the key still exists, and the clock of this machine.',
  'credentials-missing':
    'There are no credentials: set VERIHUB_FCM_CREDENTIALS, or run where application default credentials are.',
  'permission-denied':
    'The service account may not send: give it cloudmessaging.messages.create, and enable the FCM API (v1) in the project.',
  'project-not-found': 'FCM knows no such project: check VERIHUB_FCM_PROJECT_ID and VERIHUB_FCM_ENDPOINT.',
};

/** About one token or one platform, as far as one answer can tell. */
const aboutRecipients = new Set(['sender-id-mismatch', 'third-party-auth']);
/** So many different tokens in a row, and none that worked in between: then it is about all of them. One phone must not shut push down. */
const tokensThatProve = 3;
/** What concerns some recipients only is told again after a day. */
const toldForMs = 86_400_000;

export function createFcmFaults({ clock, logger, onFault }: FaultsDeps): FcmFaults {
  const failing = new Set<string>();
  const told = new Map<string, number>();

  const tell = (reason: string): void => {
    const before = told.get(reason);
    if (before !== undefined && clock.monotonic() - before < toldForMs) return;
    told.set(reason, clock.monotonic());
    const fault = { reason, advice: advice[reason] ?? '' };
    logger.error({ channel: 'push', ...fault }, 'push does not work as configured');
    onFault?.(fault);
  };

  return {
    judge(result, token) {
      if (result.kind === 'accepted') {
        failing.clear();
        // It was mended: the next time is news again.
        for (const reason of told.keys()) if (!aboutRecipients.has(reason)) told.delete(reason);
      }
      if (result.kind !== 'rejected') return result;
      const isAboutRecipient = aboutRecipients.has(result.reason);
      if (isAboutRecipient || result.configuration === true) tell(result.reason);
      if (!isAboutRecipient) return result;
      if (failing.size < tokensThatProve) failing.add(token);
      return failing.size < tokensThatProve ? result : { ...result, configuration: true };
    },
  };
}
