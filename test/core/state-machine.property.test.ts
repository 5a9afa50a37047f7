// The state machine under random commands at random and at critical moments.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { decide, table } from '../../server/core/transitions.ts';
import type { Verification } from '../../server/core/verification.ts';
import { createArbitrary, start, turnsArbitrary, type Turn } from '../support/verification-arbitraries.ts';
import { createWitness, neverEarly } from '../support/verification-invariants.ts';
import type { CommandOf } from '../../server/core/events.ts';

function play(create: CommandOf<'create'>, turns: Turn[]): { last: Verification; now: number } {
  const witness = createWitness();
  let now = start;
  const created = decide(undefined, create, now);
  witness.observe({ before: undefined, command: create, outcome: created, now });
  let state = created.next;
  for (const turn of turns) {
    now = turn.wait(state, now);
    const command = turn.knock(state);
    const outcome = decide(state, command, now);
    witness.observe({ before: state, command, outcome, now });
    neverEarly({ before: state, command, outcome, now });
    state = outcome.next;
  }
  return { last: state, now };
}

describe('state machine, under random commands', function () {
  this.timeout(60_000);

  it('keeps S1 to S5, S9, S10 and S13 over 10,000 lives', () => {
    fc.assert(
      fc.property(createArbitrary, turnsArbitrary, (create, turns) => {
        play(create, turns);
      }),
      { numRuns: 10_000 },
    );
  });

  it('always ends at the deadline, whatever happened before (L1)', () => {
    fc.assert(
      fc.property(createArbitrary, turnsArbitrary, (create, turns) => {
        const { last } = play(create, turns);
        const reach = {
          socket: { skip: 'no-device-online' },
          push: { skip: 'no-push-token' },
          sms: { skip: 'no-phone-number' },
          enrolled: true,
        } as const;
        const end = decide(last, { type: 'due', reach, connected: [] }, last.expiresAt);
        expect(end.next.status).not.to.equal('pending');
      }),
      { numRuns: 2_000 },
    );
  });

  it('never forgets a field it does not know (an older node meets a newer record)', () => {
    fc.assert(
      fc.property(createArbitrary, turnsArbitrary, (create, turns) => {
        const created = decide(undefined, create, start).next;
        let state: Verification = { ...created, ...{ fromTheFuture: { kept: true } } };
        let now = start;
        for (const turn of turns) {
          now = turn.wait(state, now);
          state = decide(state, turn.knock(state), now).next;
          expect(state).to.have.deep.property('fromTheFuture', { kept: true });
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('has a cell for every state and command', () => {
    const commands = Object.keys(table.pending);
    expect(commands).to.have.length(8);
    for (const row of Object.values(table)) expect(Object.keys(row)).to.have.members(commands);
  });
});
