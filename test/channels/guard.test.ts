// The guard: whatever a provider does, there is a result in time, and a sick provider is left alone.
import { expect } from 'chai';
import { createGuard, guardChannel, type GuardOptions } from '../../server/channels/guard.ts';
import { guardWebhooks } from '../../server/channels/webhook-guard.ts';
import type { ChannelResult } from '../../server/core/events.ts';
import type { Logger } from '../../server/ports/runtime.ts';
import { createFakeClock } from '../support/clock.ts';

const accepted: ChannelResult = { kind: 'accepted', provider: 'test' };
const never = new AbortController().signal;
const options: GuardOptions = {
  name: 'test',
  deadlineMs: 5000,
  limit: { concurrency: 2, queue: 1 },
  breaker: { failures: 3, coolDownMs: 10_000 },
};

interface Line {
  level: string;
  fields: Readonly<Record<string, unknown>>;
  message: string;
}

function setUp(overrides: Partial<GuardOptions> = {}) {
  const clock = createFakeClock();
  const lines: Line[] = [];
  const at = (level: string) => (fields: Line['fields'], message: string) =>
    void lines.push({ level, fields, message });
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const moves: (readonly [string, boolean])[] = [];
  const deps = { clock, logger, onBreaker: (...move: [string, boolean]) => void moves.push(move) };
  return { clock, lines, moves, deps, guard: createGuard({ ...options, ...overrides }, deps) };
}

/** Attempts that wait to be answered by the test. */
function createAttempts() {
  const open: { signal: AbortSignal; answer(result: ChannelResult): void }[] = [];
  const attempt = (signal: AbortSignal) =>
    new Promise<ChannelResult>((resolve) => {
      open.push({ signal, answer: resolve });
    });
  return { open, attempt };
}

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.resolve();
}

describe('a guard', () => {
  it('hands the result through and leaves no timer behind', async () => {
    const { guard, clock, lines } = setUp();
    expect(await guard(async () => accepted, never)).to.equal(accepted);
    expect(clock.timers()).to.equal(0);
    expect(lines).to.deep.equal([]);
  });

  it('answers unknown at its deadline, even when the provider ignores its signal', async () => {
    const { guard, clock } = setUp();
    const { open, attempt } = createAttempts();
    const result = guard(attempt, never);
    await settle();
    clock.advance(4999);
    expect(open[0]?.signal.aborted).to.equal(false);
    clock.advance(1);
    expect(open[0]?.signal.aborted).to.equal(true);
    expect(await result).to.deep.equal({ kind: 'unreachable', outcome: 'unknown', reason: 'timeout' });
  });

  it('answers unknown when the caller gives up, and nothing was sent when that was before the start', async () => {
    const { guard } = setUp();
    const { attempt } = createAttempts();
    const controller = new AbortController();
    const result = guard(attempt, controller.signal);
    await settle();
    controller.abort();
    expect(await result).to.deep.include({ kind: 'unreachable', outcome: 'unknown' });
    expect(await guard(attempt, controller.signal)).to.deep.include({ kind: 'unreachable', outcome: 'not-sent' });
  });

  it('makes a throw a result, and logs it as a bug', async () => {
    const { guard, lines } = setUp();
    const broken = new Error('provider SDK');
    const result = await guard(() => Promise.reject(broken), never);
    expect(result).to.deep.equal({ kind: 'unreachable', outcome: 'unknown', reason: 'channel-threw' });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.deep.include({ level: 'error', fields: { channel: 'test', err: broken } });
    const atOnce = (): Promise<ChannelResult> => {
      throw broken;
    };
    expect(await guard(atOnce, never)).to.deep.include({ reason: 'channel-threw' });
  });

  it('does not call a throw after the deadline a bug', async () => {
    const { guard, clock, lines } = setUp();
    const attempt = (signal: AbortSignal) =>
      new Promise<ChannelResult>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('AbortError')));
      });
    const result = guard(attempt, never);
    await settle();
    clock.advance(5000);
    expect(await result).to.deep.include({ reason: 'timeout' });
    await settle();
    expect(lines).to.deep.equal([]);
  });

  it('runs two at a time, lets one wait, and turns the next away at once', async () => {
    const { guard } = setUp();
    const { open, attempt } = createAttempts();
    const results = [guard(attempt, never), guard(attempt, never), guard(attempt, never)];
    await settle();
    expect(open).to.have.length(2);
    expect(await guard(attempt, never)).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'busy' });
    open[0]?.answer(accepted);
    await settle();
    expect(open).to.have.length(3);
    for (const { answer } of open) answer(accepted);
    expect(await Promise.all(results)).to.deep.equal([accepted, accepted, accepted]);
  });

  it('counts waiting for a place into the deadline', async () => {
    const { guard, clock } = setUp();
    const { open, attempt } = createAttempts();
    const results = [guard(attempt, never), guard(attempt, never), guard(attempt, never)];
    await settle();
    clock.advance(5000);
    expect(await results[2]).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'timeout' });
    expect(open).to.have.length(2);
  });

  it('gives no place to one who has left the queue', async () => {
    const { guard } = setUp();
    const { open, attempt } = createAttempts();
    const controller = new AbortController();
    const running = [guard(attempt, never), guard(attempt, never)];
    const leaver = guard(attempt, controller.signal);
    await settle();
    controller.abort();
    expect(await leaver).to.deep.include({ outcome: 'not-sent', reason: 'timeout' });
    const last = guard(attempt, never);
    open[0]?.answer(accepted);
    await settle();
    expect(open, 'the one who waits has the place').to.have.length(3);
    for (const { answer } of open) answer(accepted);
    expect(await Promise.all([...running, last])).to.deep.equal([accepted, accepted, accepted]);
  });

  it('frees the place of an attempt that was cut off', async () => {
    const { guard, clock } = setUp();
    const { attempt } = createAttempts();
    void guard(attempt, never);
    void guard(attempt, never);
    await settle();
    clock.advance(5000);
    await settle();
    expect(await guard(async () => accepted, never)).to.equal(accepted);
  });

  it('opens its breaker after failures in a row, answers at once, and tries again after the cool-down', async () => {
    const { guard, clock, lines } = setUp();
    const down: ChannelResult = { kind: 'unreachable', outcome: 'not-sent', reason: 'econnrefused' };
    for (let n = 0; n < 3; n++) await guard(async () => down, never);
    let called = 0;
    const attempt = async () => {
      called += 1;
      return accepted;
    };
    const open = { kind: 'unreachable', outcome: 'not-sent', reason: 'breaker-open' };
    expect(await guard(attempt, never)).to.deep.equal({ ...open, resumesInMs: 10_000 });
    clock.advance(9_999);
    expect(await guard(attempt, never)).to.deep.equal({ ...open, resumesInMs: 1 });
    clock.advance(1);
    expect(await guard(attempt, never)).to.equal(accepted);
    expect(await guard(attempt, never)).to.equal(accepted);
    expect(called).to.equal(2);
    expect(lines.map(({ fields }) => fields['state'])).to.deep.equal(['open', 'half-open', 'closed']);
  });

  it('opens at once when the provider refuses us: no other message will fare better', async () => {
    const { guard, lines } = setUp();
    const refused: ChannelResult = { kind: 'rejected', reason: 'permission-denied', configuration: true };
    expect(await guard(async () => refused, never)).to.equal(refused);
    expect(await guard(async () => accepted, never)).to.deep.include({ reason: 'breaker-open' });
    expect(lines.map(({ fields }) => fields['state'])).to.deep.equal(['open']);
  });

  it('lets one probe through while others are told it is open', async () => {
    const { guard, clock } = setUp();
    for (let n = 0; n < 3; n++) await guard(() => Promise.reject(new Error('down')), never);
    clock.advance(10_000);
    const { open, attempt } = createAttempts();
    const probe = guard(attempt, never);
    await settle();
    expect(await guard(attempt, never)).to.deep.include({ reason: 'breaker-open' });
    open[0]?.answer(accepted);
    expect(await probe).to.equal(accepted);
  });

  it('does not blame the provider for a bad recipient or for its limits', async () => {
    const { guard } = setUp();
    const answers: ChannelResult[] = [
      { kind: 'rejected', reason: 'unregistered', recipientGone: true },
      { kind: 'throttled', reason: 'quota' },
    ];
    for (const answer of [...answers, ...answers, ...answers])
      expect(await guard(async () => answer, never)).to.equal(answer);
    expect(await guard(async () => accepted, never)).to.equal(accepted);
  });

  it('does not storm a sick provider from its queue', async () => {
    const { guard } = setUp({ limit: { concurrency: 1, queue: 9 } });
    const { open, attempt } = createAttempts();
    const results = Array.from({ length: 6 }, () => guard(attempt, never));
    for (let n = 0; n < 3; n++) {
      await settle();
      open[n]?.answer({ kind: 'unreachable', outcome: 'unknown', reason: 'econnreset' });
    }
    const reasons = (await Promise.all(results)).map((result) => (result.kind === 'unreachable' ? result.reason : ''));
    expect(reasons).to.deep.equal([...Array(3).fill('econnreset'), ...Array(3).fill('breaker-open')]);
    expect(open).to.have.length(3);
  });
});

describe('the breaker of a guard', () => {
  it('is told once when it opens, and once when it has closed again, however often it tries in between', async () => {
    const { guard, clock, moves } = setUp();
    let result: ChannelResult = { kind: 'unreachable', outcome: 'unknown', reason: 'timeout' };
    const call = () => guard(async () => result, never);
    for (let n = 0; n < 4; n++) await call();
    for (let n = 0; n < 2; n++) {
      clock.advance(10_000);
      await call();
    }
    expect(moves).to.deep.equal([['test', true]]);
    result = accepted;
    clock.advance(10_000);
    await call();
    await call();
    expect(moves).to.deep.equal([
      ['test', true],
      ['test', false],
    ]);
  });
});

describe('a guarded channel', () => {
  it('keeps its provider and hands message and signal on', async () => {
    const { deps } = setUp();
    const seen: unknown[] = [];
    const channel = {
      provider: 'fake',
      send: async (message: string, signal: AbortSignal) => {
        seen.push(message, signal.aborted);
        return accepted;
      },
    };
    const guarded = guardChannel(channel, options, deps);
    expect(guarded.provider).to.equal('fake');
    expect(await guarded.send('hello', never)).to.equal(accepted);
    expect(seen).to.deep.equal(['hello', false]);
  });
});

describe('guarded webhooks', () => {
  it('have a breaker for each URL', async () => {
    const { deps } = setUp();
    const down: ChannelResult = { kind: 'unreachable', outcome: 'unknown', reason: 'timeout' };
    const webhooks = guardWebhooks(
      { send: async ({ url }) => (url.includes('down') ? down : accepted) },
      options,
      deps,
    );
    const request = (url: string) => ({
      id: 'm',
      url,
      applicationId: 'app_1',
      secrets: ['s'],
      timestamp: 0,
      body: '{}',
    });
    for (let n = 0; n < 3; n++) expect(await webhooks.send(request('https://down.example'), never)).to.equal(down);
    expect(await webhooks.send(request('https://down.example'), never)).to.deep.include({ reason: 'breaker-open' });
    expect(await webhooks.send(request('https://up.example'), never)).to.equal(accepted);
  });

  it('remember the 1000 URLs used last', async () => {
    const { deps, moves } = setUp();
    const down: ChannelResult = { kind: 'unreachable', outcome: 'unknown', reason: 'timeout' };
    const webhooks = guardWebhooks({ send: async () => down }, options, deps);
    const send = async (url: string) => {
      const result = await webhooks.send(
        { id: 'm', url, applicationId: 'app_1', secrets: ['s'], timestamp: 0, body: '{}' },
        never,
      );
      return 'reason' in result ? result.reason : '';
    };
    for (const url of ['old', 'kept']) for (let n = 0; n < 3; n++) await send(url);
    for (let n = 0; n < 998; n++) await send(`u${n}`);
    expect(await send('kept')).to.equal('breaker-open');
    expect(moves).to.deep.equal([
      ['test', true],
      ['test', true],
    ]);
    await send('one too many');
    expect(moves.at(-1), 'an open breaker that is forgotten counts as open no more').to.deep.equal(['test', false]);
    expect(await send('kept')).to.equal('breaker-open');
    expect(await send('old'), 'its breaker is forgotten').to.equal('timeout');
  });
});
