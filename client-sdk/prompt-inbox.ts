/** The open prompts of a device with everything that ends them: an answer, the hub's word, or the deadline. */
import type { HubClock } from './hub-clock.ts';
import { createPromptList } from './prompt-list.ts';
import type { PromptView, VerificationStatus } from './protocol.ts';
import type { Cancel, SdkRuntime } from './runtime.ts';

/** `status` is null when the hub no longer lists the prompt and did not say why. */
export interface PromptClosed {
  id: string;
  status: VerificationStatus | null;
}

export interface PromptInbox {
  beginConnection(): void;
  take(prompt: PromptView): void;
  /** The hub's complete list; whatever is older and not on it is taken down. */
  reconcile(prompts: PromptView[]): void;
  remove(id: string, status: VerificationStatus | null): void;
  get(id: string): PromptView | undefined;
  all(): PromptView[];
  stop(): void;
}

export interface PromptInboxOptions {
  runtime: SdkRuntime;
  clock: HubClock;
  onPrompt: (prompt: PromptView) => void;
  onClosed: (closed: PromptClosed) => void;
}

/** The hub's own word (`closed`) should win the race against our timer. */
const graceMs = 500;
/** Longest delay that timers take (2^31 - 1 ms). */
const maxTimerMs = 2_147_483_647;

export function createPromptInbox({ runtime, clock, onPrompt, onClosed }: PromptInboxOptions): PromptInbox {
  const list = createPromptList();
  let cancelTimer: Cancel = () => {};

  function armTimer(): void {
    cancelTimer();
    const delay = nextEnd(list.all(), clock.now());
    if (delay !== null) cancelTimer = runtime.after(delay, expire);
  }

  function expire(): void {
    const now = clock.now();
    for (const prompt of list.all()) {
      if (Date.parse(prompt.expiresAt) <= now) remove(prompt.id, 'expired');
    }
    armTimer();
  }

  function remove(id: string, status: VerificationStatus | null): void {
    if (list.close(id)) onClosed({ id, status });
  }

  return {
    beginConnection: () => list.beginConnection(),
    take(prompt) {
      const show = list.receive(prompt);
      armTimer();
      if (show) onPrompt(prompt);
    },
    reconcile(prompts) {
      const { shown, gone } = list.reconcile(prompts);
      armTimer();
      for (const id of gone) onClosed({ id, status: null });
      for (const prompt of shown) onPrompt(prompt);
    },
    remove,
    get: (id) => list.get(id),
    all: () => list.all(),
    stop: () => cancelTimer(),
  };
}

/** Milliseconds until the first prompt is over; null when none is open. */
function nextEnd(prompts: PromptView[], now: number): number | null {
  const ends = prompts.map((prompt) => Date.parse(prompt.expiresAt)).filter((end) => !Number.isNaN(end));
  if (ends.length === 0) return null;
  return Math.min(Math.max(0, Math.min(...ends) - now) + graceMs, maxTimerMs);
}
