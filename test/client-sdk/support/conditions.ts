/** Waiting for what should happen, with a limit: the first look is at once, and no longer than needed. */

/** Fails with `what` when the condition does not hold within `ms`. */
export function until(what: string, condition: () => boolean, ms = 4_500): Promise<void> {
  const end = Date.now() + ms;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (condition()) resolve();
      else if (Date.now() > end) reject(new Error(`never happened: ${what}`));
      else setTimeout(look, 5);
    };
    look();
  });
}

/** What a promise that must fail was rejected with; fails the test when it is fulfilled. */
export async function rejectionOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('expected a rejection');
}
