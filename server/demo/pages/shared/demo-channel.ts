// How the demo's pages hear of each other, in one browser: what a person would carry over with their eyes and a camera.

/** `closed`: only pushes reach it. `offline`: no internet, only text messages do. */
export type PhoneMode = 'open' | 'closed' | 'offline';

export interface PhoneNews {
  type: 'phone';
  /** Whom it is set up for; null: nobody yet. */
  userId: string | null;
  mode: PhoneMode;
  /** Requests that wait for an answer on the phone. */
  prompts: number;
}

export interface BankNews {
  type: 'bank';
  view: 'sign-in' | 'waiting' | 'ended' | 'account';
}

export type DemoNews =
  | PhoneNews
  | BankNews
  /** Says everything again, for a page that was just opened. */
  | { type: 'hello' }
  /** The bank's QR code, as if the phone's camera had seen it. */
  | { type: 'enroll'; uri: string }
  /** A tap on a push notification, by its id in the outbox. */
  | { type: 'open-push'; id: string };

export interface DemoChannel {
  tell(news: DemoNews): void;
  listen<T extends DemoNews['type']>(type: T, listener: (news: Extract<DemoNews, { type: T }>) => void): void;
}

export function openDemoChannel(): DemoChannel {
  const channel = new BroadcastChannel('verihub-demo');
  return {
    tell: (news) => channel.postMessage(news),
    listen(type, listener) {
      channel.addEventListener('message', ({ data }: MessageEvent<DemoNews>) => {
        if (isOfType(data, type)) listener(data);
      });
    },
  };
}

function isOfType<T extends DemoNews['type']>(news: DemoNews, type: T): news is Extract<DemoNews, { type: T }> {
  return news.type === type;
}
