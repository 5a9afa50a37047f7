// Real time passing, for the few tests that are about processes dying at moments nobody chose.
import { setTimeout } from 'node:timers/promises';

export async function realTime(ms: number): Promise<void> {
  await setTimeout(ms);
}
