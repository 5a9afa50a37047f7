// The phone's internet connection, with a switch: while it is off, the page's sockets and requests to the hub fail as they would.
import type { SdkRuntime } from '../../../../client-sdk/device.ts';

export interface Radio {
  isOn(): boolean;
  turn(on: boolean): void;
  /** What the device client takes in place of the platform's own. */
  runtime: Pick<SdkRuntime, 'fetch' | 'isOnline' | 'watch'>;
}

/** Takes the place of `WebSocket` and `XMLHttpRequest`, so it must come before anything that keeps hold of that. */
export function installRadio(scope: typeof globalThis): Radio {
  const state = { on: true };
  const sockets = new Set<WebSocket>();
  const polls = new Set<XMLHttpRequest>();
  const news = new EventTarget();
  const isOnline = (): boolean => state.on && scope.navigator.onLine;
  Object.assign(scope, {
    WebSocket: switchable(scope.WebSocket, () => state.on, sockets),
    XMLHttpRequest: switchablePolls(scope.XMLHttpRequest, () => state.on, polls),
  });

  return {
    isOn: () => state.on,
    turn(on) {
      if (state.on === on) return;
      state.on = on;
      if (!on) for (const socket of sockets) socket.close();
      if (!on) for (const poll of polls) poll.abort();
      news.dispatchEvent(new Event(on ? 'online' : 'offline'));
    },
    runtime: {
      isOnline,
      fetch: (url, init) => (state.on ? scope.fetch(url, init) : Promise.reject(new TypeError('the radio is off'))),
      watch(listener) {
        const stop = new AbortController();
        const { signal } = stop;
        for (const event of ['online', 'offline'] as const) {
          const tell = (): void => listener(isOnline() ? 'online' : 'offline');
          news.addEventListener(event, tell, { signal });
          scope.addEventListener(event, tell, { signal });
        }
        const seen = (): void => void (scope.document.visibilityState === 'visible' && listener('resume'));
        scope.document.addEventListener('visibilitychange', seen, { signal });
        return () => stop.abort();
      },
    },
  };
}

function switchable(Original: typeof WebSocket, isOn: () => boolean, sockets: Set<WebSocket>): typeof WebSocket {
  return new Proxy(Original, {
    construct(target, [url, protocols]: [string | URL, string | string[] | undefined]) {
      if (!isOn()) throw new DOMException('the radio is off', 'NetworkError');
      const socket = new target(url, protocols);
      sockets.add(socket);
      socket.addEventListener('close', () => sockets.delete(socket));
      return socket;
    },
  });
}

/** What Socket.IO polls with where WebSocket is blocked. */
function switchablePolls(
  Original: typeof XMLHttpRequest,
  isOn: () => boolean,
  polls: Set<XMLHttpRequest>,
): typeof XMLHttpRequest {
  return new Proxy(Original, {
    construct(target) {
      const poll = new target();
      poll.addEventListener('loadstart', () => polls.add(poll));
      poll.addEventListener('loadend', () => polls.delete(poll));
      const send = poll.send.bind(poll);
      return Object.assign(poll, {
        send(body?: XMLHttpRequestBodyInit | null) {
          if (!isOn()) throw new DOMException('the radio is off', 'NetworkError');
          send(body);
        },
      });
    },
  });
}
