// The outbox as its readers get it.
import { expect } from 'chai';
import { createOutboxFeed, type DemoMessage } from '../../server/demo/outbox-feed.ts';
import { createFakeClock } from '../support/clock.ts';
import { startTestHub } from '../support/hub.ts';

const sms: DemoMessage = {
  kind: 'sms',
  at: Date.UTC(2026, 0, 2),
  copies: 1,
  message: {
    dedupeId: 'd-1',
    verificationId: 'ver_1',
    to: '+447700900123',
    text: '123456 Your code for Dune Bank. Never share it.\n\n@localhost #123456',
    ttlMs: 60_000,
  },
};
const push: DemoMessage = {
  kind: 'push',
  at: Date.UTC(2026, 0, 2),
  copies: 2,
  message: {
    dedupeId: 'd-2',
    verificationId: 'ver_1',
    token: 'sim-1',
    platform: 'web',
    jwe: 'a.b.c.d.e',
    ttlMs: 60_000,
  },
};

describe('the outbox feed', () => {
  it('shows a push as the device gets it, and the code of a text message', () => {
    const feed = createOutboxFeed({ messages: () => [push, sms], subscribe: () => () => {} }, createFakeClock());
    expect(feed.list()).to.deep.equal([
      {
        kind: 'push',
        id: 'd-2',
        at: '2026-01-02T00:00:00.000Z',
        copies: 2,
        verificationId: 'ver_1',
        token: 'sim-1',
        expiresAt: '2026-01-02T00:01:00.000Z',
        data: { v: '1', id: 'ver_1', jwe: 'a.b.c.d.e' },
      },
      {
        kind: 'sms',
        id: 'd-1',
        at: '2026-01-02T00:00:00.000Z',
        copies: 1,
        verificationId: 'ver_1',
        to: '+447700900123',
        text: sms.message.text,
        code: '123456',
      },
    ]);
    feed.close();
  });

  it('streams what comes, and ends with the hub', async () => {
    const hub = await startTestHub({ VERIHUB_DEMO: 'true' });
    const response = await fetch(`${hub.origin}/demo/api/outbox/stream`);
    expect(response.headers.get('content-type')).to.equal('text/event-stream');
    const text = response.text();
    await hub.call('PUT', '/v1/users/sam', { body: { phoneNumber: '+447700900456', delivery: 'sms' } });
    await hub.call('POST', '/v1/verifications', { body: { userId: 'sam', action: 'Sign in' } });
    const delivered = new Promise<void>((resolve) => hub.outbox?.subscribe(() => resolve()));
    await delivered;
    await hub.close();
    expect(await text).to.include('+447700900456');
  });
});
