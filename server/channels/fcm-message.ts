// A push as FCM takes it: something a person sees at once, which says nothing, and data that only their device can read.
import { createHash } from 'node:crypto';
import type { Message } from 'firebase-admin/messaging';
import type { PushMessage } from '../ports/channel.ts';

/** The app has words of its own once it has opened the prompt; until then nobody in between learns who asks for what. */
const title = 'Verification request';
const body = 'Open the app to answer.';

/**
 * Contract section 8. One verification has one notification: copies and resends replace it, on every platform.
 * @param now milliseconds since the Unix epoch
 */
export function fcmMessage({ token, verificationId: id, jwe, ttlMs }: PushMessage, now: number): Message {
  const seconds = Math.max(0, Math.floor(ttlMs / 1000));
  return {
    token,
    notification: { title, body },
    data: { v: '1', id, jwe },
    android: {
      priority: 'high',
      ttl: seconds * 1000,
      collapseKey: id,
      // `public`: there is nothing to hide on a lock screen.
      notification: { tag: id, sound: 'default', priority: 'max', visibility: 'public' },
    },
    apns: {
      headers: {
        'apns-priority': '10',
        'apns-push-type': 'alert',
        'apns-expiration': String(Math.floor(now / 1000) + seconds),
        // At most 64 bytes, of which an id has 38.
        'apns-collapse-id': id,
      },
      payload: {
        aps: {
          alert: { title, body },
          sound: 'default',
          threadId: 'verification',
          // A notification service extension opens the prompt and acknowledges it before anything is shown.
          mutableContent: true,
          'interruption-level': 'time-sensitive',
        },
      },
    },
    webpush: {
      // RFC 8030: a topic replaces what waits under it, and has at most 32 characters of base64url.
      headers: { TTL: String(seconds), Urgency: 'high', Topic: topicOf(id) },
      notification: { title, body, tag: id, requireInteraction: true },
    },
  };
}

function topicOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 32);
}
