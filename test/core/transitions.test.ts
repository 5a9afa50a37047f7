// Every state × command cell, one line each: what it leads to, and what the one who knocked is told.
import { expect } from 'chai';
import { createCell, decide, table } from '../../server/core/transitions.ts';
import type { Status } from '../../server/core/verification.ts';
import {
  accepted,
  begin,
  beginAt,
  birth,
  nobody,
  notSent,
  reach,
  refused,
  unnumbered,
  type Life,
} from '../support/life.ts';

const minute = 60_000;
const deadline = 5 * minute;

/** A life in each state. All went as far as SMS while they were pending, so that every command means something. */
const lives: Record<Status, () => Life> = {
  pending: () => beginAt('sms'),
  approved: () => after(beginAt('sms'), (life) => life.decide()),
  denied: () => after(beginAt('sms'), (life) => life.knock(unnumbered({ decision: 'deny' }))),
  expired: () => after(beginAt('sms'), (life) => life.at(deadline).due()),
  canceled: () => after(beginAt('sms'), (life) => life.cancel()),
  // Nobody has a device, and the only step there is fails.
  undeliverable: () => {
    const life = begin({ reach: { ...nobody, sms: { targets: ['phone'] } } });
    return after(life, () => life.attempted('sms', refused, { reach: nobody }));
  },
};

function after(life: Life, knock: (life: Life) => unknown): Life {
  if (life.state.status === 'pending') life.at(14_000);
  knock(life);
  return life;
}

const knocks: Record<keyof typeof table.pending, (life: Life) => unknown> = {
  acknowledge: (life) => life.acknowledge(),
  decide: (life) => life.decide({ deviceId: 'dev_b' }),
  'submit-code': (life) => life.code(true),
  resend: (life) => life.resend(),
  cancel: (life) => life.cancel(),
  due: (life) => life.due(),
  'delivery-outcome': (life) => life.attempted('sms', accepted),
  receipt: (life) => life.receipt('delivered'),
};

/** `→ state` when it changes, else what is told: `ok` or the code of the refusal. */
const cells: Record<Status, Record<keyof typeof knocks, string>> = {
  pending: {
    acknowledge: '→ pending',
    decide: '→ approved',
    'submit-code': '→ approved',
    resend: '→ pending',
    cancel: '→ canceled',
    due: 'ok',
    'delivery-outcome': '→ pending',
    receipt: '→ pending',
  },
  approved: endedBut({}),
  denied: endedBut({}),
  expired: endedBut({
    decide: 'verification-expired',
    'submit-code': 'verification-expired',
    resend: 'verification-expired',
    cancel: 'verification-expired',
  }),
  canceled: endedBut({ cancel: 'ok' }),
  undeliverable: endedBut({}),
};

function endedBut(cellsOf: Partial<Record<keyof typeof knocks, string>>): Record<keyof typeof knocks, string> {
  return {
    acknowledge: 'ok',
    decide: 'already-decided',
    'submit-code': 'already-decided',
    resend: 'already-decided',
    cancel: 'already-decided',
    due: 'ok',
    'delivery-outcome': 'ok',
    receipt: 'ok',
    ...cellsOf,
  };
}

describe('the state table', () => {
  for (const [status, row] of Object.entries(cells) as [Status, (typeof cells)[Status]][]) {
    for (const [command, told] of Object.entries(row) as [keyof typeof knocks, string][]) {
      it(`${status} × ${command}: ${told}`, () => {
        const life = lives[status]();
        expect(life.state.status, 'set up').to.equal(status);
        const before = life.state;
        knocks[command](life.at(minute));
        const changed = life.state !== before;
        const outcome = changed ? `→ ${life.state.status}` : life.answer.ok ? 'ok' : life.answer.code;
        expect(outcome).to.equal(told);
        expect(life.state.rev).to.equal(before.rev + (changed ? 1 : 0));
        expect(life.dueAt === undefined).to.equal(life.state.status !== 'pending');
      });
    }
  }

  it('says of each cell where it may lead, as it does', () => {
    for (const [status, row] of Object.entries(cells) as [Status, (typeof cells)[Status]][]) {
      for (const [command, told] of Object.entries(row) as [keyof typeof knocks, string][]) {
        const { to } = table[status][command];
        if (status !== 'pending') expect(to, `${status} × ${command}`).to.deep.equal([]);
        else if (told.startsWith('→ ')) expect(to).to.include(told.slice(2));
      }
    }
  });

  it('words every cell for the README', () => {
    const texts = [createCell, ...Object.values(table).flatMap((row) => Object.values(row))].map((cell) => cell.text);
    for (const text of texts) expect(text).to.match(/^[a-z].{5,}/);
  });

  it('refuses a command for a verification that is not there', () => {
    const due = { type: 'due', reach: reach(), connected: [] } as const;
    // What a caller without types could hand over.
    const missing = JSON.parse('{}').verification;
    expect(() => decide(missing, due, birth)).to.throw(TypeError, 'due needs a verification');
  });
});

describe('the deadline', () => {
  for (const [command, knock] of Object.entries(knocks)) {
    it(`is enforced by ${command} itself, to the millisecond`, () => {
      const early = beginAt('sms').at(deadline - 1);
      knock(early);
      expect(early.state.status, 'one millisecond before').not.to.equal('expired');
      for (const late of [0, 1, minute]) {
        const life = beginAt('sms').at(deadline + late);
        knock(life);
        expect(life.state.status, `${late} ms after`).to.equal('expired');
        expect(life.webhooks()).to.deep.equal(['verification.expired']);
        expect(life.has('close')).to.equal(true);
      }
    });
  }

  const told: [string, (life: Life) => unknown, string][] = [
    ['who decides', knocks.decide, 'verification-expired'],
    ['who types a code', knocks['submit-code'], 'verification-expired'],
    ['who resends', knocks.resend, 'verification-expired'],
    ['who cancels', knocks.cancel, 'verification-expired'],
    ['the timer', knocks.due, 'ok'],
    ['who acknowledges', knocks.acknowledge, 'ok'],
    ['a provider', knocks['delivery-outcome'], 'ok'],
    ['a receipt', knocks.receipt, 'ok'],
  ];
  for (const [who, knock, answer] of told) {
    it(`tells ${who}: ${answer}`, () => {
      const life = beginAt('sms').at(deadline);
      knock(life);
      expect(life.answer.ok ? 'ok' : life.answer.code).to.equal(answer);
    });
  }

  it('keeps what a provider said too late in the timeline', () => {
    const life = beginAt('sms').at(deadline);
    life.attempted('sms', notSent);
    expect(life.notes().map(({ type }) => type)).to.deep.equal(['attempt', 'ended']);
    const other = beginAt('sms').at(deadline);
    other.receipt('failed');
    expect(other.notes().map(({ type }) => type)).to.deep.equal(['receipt', 'ended']);
  });
});

describe('an ended verification', () => {
  for (const status of ['approved', 'denied', 'expired', 'canceled', 'undeliverable'] as const) {
    it(`${status}: stays the very same object, and only notes follow`, () => {
      const life = lives[status]();
      const before = life.state;
      for (const knock of Object.values(knocks)) {
        for (const at of [minute, deadline, 10 * minute]) {
          knock(life.at(at));
          expect(life.state).to.equal(before);
          expect(life.effects.filter((effect) => effect.type !== 'note')).to.deep.equal([]);
        }
      }
    });
  }

  it('still notes what a provider and a receipt say', () => {
    const life = lives.approved();
    life.attempted('sms', accepted);
    expect(life.notes()).to.have.length(1);
    expect(life.notes()[0]).to.include({ type: 'attempt', step: 'sms', status: 'accepted', providerId: 'm1' });
    life.receipt('delivered', { providerId: 'm1' });
    expect(life.notes()[0]).to.include({ type: 'receipt', step: 'sms', status: 'delivered', providerId: 'm1' });
  });

  it('tells what it ended as', () => {
    const life = lives.denied();
    life.decide({ deviceId: 'dev_b' });
    expect(life.answer).to.deep.include({ ok: false, code: 'already-decided' });
    expect(life.answer.ok ? '' : life.answer.detail).to.include('denied');
  });
});
