// Lets everything that is already on its way arrive, without waiting for time to pass.

/** Some turns of the event loop: enough for what a store, a bus and a use case have begun to end. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
}
