// 10,000 random lives through the use cases on SQLite: what callers are told and what is stored never break a promise.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { lifeArbitrary, type DrawnLife } from '../support/life-moves.ts';
import { createWorld, play, type World } from '../support/life-player.ts';
import { createLifeWitness, expectGoodBeginning, expectGoodEnd } from '../support/life-witness.ts';

const runs = 10_000;

/** Lives in one world. In an old one the revoked devices of each person pile up. */
const worldAge = 500;

/** How often what was met: a property that never meets a thing says nothing of it. */
interface Met {
  ends: Map<string, number>;
  refusals: Map<string, number>;
  unknown: number;
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

async function live(world: World, drawn: DrawnLife, key: string, met: Met): Promise<void> {
  const { app } = world;
  const witness = createLifeWitness();
  const life = await play(world, drawn, key, witness);
  expectGoodBeginning(life);
  app.outbox.respond(undefined);
  // L1: ended by the deadline and the lease that a failed store may have left; then what waits for its own lease.
  app.clock.advance(Math.max(0, life.created.verification.expiresAt + 3_000 - app.clock.now()));
  await app.workers.escalation.runOnce();
  await app.workers.webhook.runOnce();
  if (life.observed.at(-1)?.hasFailed === true) await app.pass(12_001);
  const last = await expectGoodEnd(world, life);
  app.receiver.requests.length = 0;
  app.hints.length = 0;
  app.measured.length = 0;
  if (last.status === 'approved' && drawn.grants && last.decision.method !== 'trusted-browser') {
    const { trustToken } = await app.trustedBrowsers.grant(app.application, last.id, 1);
    life.person.trustToken = trustToken;
  }
  const method = last.status === 'approved' ? ` by ${last.decision.method}` : '';
  count(met.ends, `${last.status}${method}`);
  for (const { told } of life.observed) {
    for (const { outcome } of told) {
      if (outcome.kind === 'refused') count(met.refusals, outcome.refusal.code);
      if (outcome.kind === 'unknown') met.unknown += 1;
    }
  }
}

describe('verifications, under random lives on SQLite', function () {
  this.timeout(300_000);

  it(`keep S1 to S5, S7 to S11, S13, S14 and S17 over ${runs} lives`, async () => {
    let world = await createWorld();
    const met: Met = { ends: new Map(), refusals: new Map(), unknown: 0 };
    let lives = 0;
    await fc.assert(
      fc.asyncProperty(lifeArbitrary, async (drawn) => {
        lives += 1;
        if (lives % worldAge === 0) {
          await world.app.kill();
          world = await createWorld();
        }
        try {
          await live(world, drawn, `life ${lives}`, met);
        } catch (error) {
          // What this life left behind must not fail the smaller ones that are tried next.
          await world.app.kill();
          world = await createWorld();
          throw error;
        }
      }),
      { numRuns: runs },
    );
    expect([...met.ends.keys()]).to.have.members([
      'approved by app',
      'approved by sms-code',
      'approved by trusted-browser',
      'denied',
      'expired',
      'canceled',
      'undeliverable',
    ]);
    expect([...met.refusals.keys()]).to.include.members([
      'already-decided',
      'challenge-mismatch',
      'code-attempts-exhausted',
      'code-incorrect',
      'code-not-acceptable',
      'number-incorrect',
      'resend-too-soon',
      'step-not-allowed',
      'unauthenticated',
      'verification-expired',
    ]);
    expect(met.unknown).to.be.greaterThan(100);
    await world.app.kill();
  });
});
