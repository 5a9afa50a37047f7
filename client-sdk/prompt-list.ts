/** Which prompts are open on this device: each shown once, none kept that the hub no longer lists. No I/O. */
import type { PromptView } from './protocol.ts';

export interface PromptList {
  /** A new connection: revisions are compared within one connection only (contract section 6). */
  beginConnection(): void;
  /** Takes in one copy. True when a person has to see it: it is new, or its text differs from what was shown. */
  receive(prompt: PromptView): boolean;
  /** Takes in the hub's complete list: which to show, and which ids are gone. */
  reconcile(prompts: PromptView[]): { shown: PromptView[]; gone: string[] };
  /** True when it was open. It will not come back within this connection. */
  close(id: string): boolean;
  get(id: string): PromptView | undefined;
  all(): PromptView[];
}

interface Entry {
  prompt: PromptView;
  connection: number;
}

export function createPromptList(): PromptList {
  const open = new Map<string, Entry>();
  // Ids closed in this connection: a list that was on its way meanwhile must not bring them back.
  const closed = new Set<string>();
  let connection = 0;

  function receive(prompt: PromptView): boolean {
    if (closed.has(prompt.id)) return false;
    const known = open.get(prompt.id);
    if (known?.connection === connection && isOlder(prompt, known.prompt)) return false;
    open.set(prompt.id, { prompt, connection });
    return known === undefined || textOf(known.prompt) !== textOf(prompt);
  }

  return {
    beginConnection() {
      connection += 1;
      closed.clear();
    },
    receive,
    reconcile(prompts) {
      const listed = new Set(prompts.map((prompt) => prompt.id));
      // A prompt that came during this connection may be newer than the list: only older ones can be gone.
      const gone = [...open]
        .filter(([id, entry]) => entry.connection !== connection && !listed.has(id))
        .map(([id]) => id);
      for (const id of gone) open.delete(id);
      return { shown: prompts.filter(receive), gone };
    },
    close(id) {
      closed.add(id);
      return open.delete(id);
    },
    get: (id) => open.get(id)?.prompt,
    all: () =>
      [...open.values()].map((entry) => entry.prompt).toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)),
  };
}

/** The same revision under another challenge is no copy: the hub has issued the prompt anew. */
function isOlder(prompt: PromptView, known: PromptView): boolean {
  return prompt.rev < known.rev || (prompt.rev === known.rev && prompt.challenge === known.challenge);
}

function textOf({ application, action, details, context, matching }: PromptView): string {
  return JSON.stringify([application.name, action, details, context, matching]);
}
