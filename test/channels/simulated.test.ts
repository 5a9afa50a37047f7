// Simulated push and SMS: an outbox that behaves as it is told.
import { expect } from 'chai';
import { createSimulatedOutbox } from '../../server/channels/simulated.ts';
import type { PushMessage, SmsMessage } from '../../server/ports/channel.ts';
import { createFakeClock } from '../support/clock.ts';

const start = Date.UTC(2026, 0, 1);
const push = (dedupeId: string): PushMessage => ({
  dedupeId,
  verificationId: 'ver_1',
  token: 'token',
  platform: 'android',
  jwe: 'jwe',
  ttlMs: 1000,
});
const sms = (dedupeId: string, text = 'hello'): SmsMessage => ({
  dedupeId,
  verificationId: 'ver_1',
  to: '+31612345678',
  text,
  ttlMs: 1000,
});
const never = new AbortController().signal;

describe('the simulated outbox', () => {
  it('accepts and keeps both kinds, oldest first', async () => {
    const clock = createFakeClock(start);
    const outbox = createSimulatedOutbox({ clock });
    const first = await outbox.sms.send(sms('a'), never);
    clock.advance(10);
    await outbox.push.send(push('b'), never);
    expect(first).to.deep.equal({ kind: 'accepted', provider: 'simulated', providerId: 'sim-1' });
    expect(outbox.messages()).to.deep.equal([
      { kind: 'sms', message: sms('a'), at: start, providerId: 'sim-1', copies: 1 },
      { kind: 'push', message: push('b'), at: start + 10, providerId: 'sim-2', copies: 1 },
    ]);
  });

  it('replaces a repeat and counts it', async () => {
    const outbox = createSimulatedOutbox({ clock: createFakeClock() });
    await outbox.sms.send(sms('a', 'one'), never);
    await outbox.sms.send(sms('b'), never);
    await outbox.sms.send(sms('a', 'two'), never);
    const shown = outbox.messages().map(({ message, copies }) => [message.dedupeId, copies]);
    expect(shown).to.deep.equal([
      ['b', 1],
      ['a', 2],
    ]);
    expect(outbox.messages()[1]).to.have.nested.property('message.text', 'two');
  });

  it('keeps push and SMS of one dedupe id apart', async () => {
    const outbox = createSimulatedOutbox({ clock: createFakeClock() });
    await outbox.sms.send(sms('a'), never);
    await outbox.push.send(push('a'), never);
    expect(outbox.messages().map(({ copies }) => copies)).to.deep.equal([1, 1]);
  });

  it('keeps the newest 200 of each kind', async () => {
    const outbox = createSimulatedOutbox({ clock: createFakeClock() });
    await outbox.push.send(push('lonely'), never);
    for (let n = 0; n < 205; n++) await outbox.sms.send(sms(`s${n}`), never);
    const ids = outbox.messages().map(({ message }) => message.dedupeId);
    expect(ids).to.have.length(201);
    expect(ids[0]).to.equal('lonely');
    expect(ids[1]).to.equal('s5');
  });

  it('counts a repeat as new, so that it stays', async () => {
    const outbox = createSimulatedOutbox({ clock: createFakeClock() });
    await outbox.sms.send(sms('again'), never);
    for (let n = 0; n < 199; n++) await outbox.sms.send(sms(`s${n}`), never);
    await outbox.sms.send(sms('again'), never);
    await outbox.sms.send(sms('last'), never);
    const ids = outbox.messages().map(({ message }) => message.dedupeId);
    expect(ids).to.have.length(200);
    expect(ids[0]).to.equal('s1');
    expect(ids.slice(-2)).to.deep.equal(['again', 'last']);
  });

  it('tells subscribers until they leave', async () => {
    const outbox = createSimulatedOutbox({ clock: createFakeClock() });
    const seen: string[] = [];
    const leave = outbox.subscribe(({ message }) => seen.push(message.dedupeId));
    await outbox.push.send(push('a'), never);
    leave();
    await outbox.push.send(push('b'), never);
    expect(seen).to.deep.equal(['a']);
  });

  it('answers as scripted, and delivers only what it accepts', async () => {
    const outbox = createSimulatedOutbox({ clock: createFakeClock() });
    outbox.respond(({ kind }) =>
      kind === 'push'
        ? { kind: 'rejected', reason: 'unregistered', recipientGone: true }
        : { kind: 'throttled', reason: 'quota', retryAfterMs: 5000 },
    );
    expect(await outbox.push.send(push('a'), never)).to.deep.include({ kind: 'rejected', recipientGone: true });
    expect(await outbox.sms.send(sms('a'), never)).to.deep.include({ kind: 'throttled', retryAfterMs: 5000 });
    expect(outbox.messages()).to.deep.equal([]);
    outbox.respond(undefined);
    expect(await outbox.sms.send(sms('a'), never)).to.deep.include({ kind: 'accepted' });
  });

  it('can accept under a provider id of the script', async () => {
    const outbox = createSimulatedOutbox({ clock: createFakeClock() });
    outbox.respond(() => ({ kind: 'accepted', provider: 'other', providerId: 'p-1' }));
    expect(await outbox.sms.send(sms('a'), never)).to.deep.equal({
      kind: 'accepted',
      provider: 'other',
      providerId: 'p-1',
    });
    expect(outbox.messages()[0]).to.include({ providerId: 'p-1' });
  });

  for (const [kind, delivered] of [
    ['hang', 0],
    ['lost-reply', 1],
  ] as const) {
    it(`${kind} answers only when it is cut off, as unknown`, async () => {
      const outbox = createSimulatedOutbox({ clock: createFakeClock() });
      outbox.respond(() => ({ kind }));
      const controller = new AbortController();
      let answered = false;
      const result = outbox.sms.send(sms('a'), controller.signal).finally(() => {
        answered = true;
      });
      await Promise.resolve();
      expect(answered).to.equal(false);
      controller.abort();
      expect(await result).to.deep.equal({ kind: 'unreachable', outcome: 'unknown', reason: 'timeout' });
      expect(outbox.messages()).to.have.length(delivered);
    });
  }

  it('sends nothing once it is too late', async () => {
    const outbox = createSimulatedOutbox({ clock: createFakeClock() });
    const result = await outbox.sms.send(sms('a'), AbortSignal.abort());
    expect(result).to.deep.include({ kind: 'unreachable', outcome: 'not-sent' });
    expect(outbox.messages()).to.deep.equal([]);
  });
});
