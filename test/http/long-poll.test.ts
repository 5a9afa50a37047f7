// `?wait=&rev=`: a page without a socket learns of a change as soon as it happens, and holds no worker while it waits.
import { expect } from 'chai';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { enrollPhone, type Phone } from '../support/phone.ts';
import { decide, fetchPrompt, startVerification, verificationOf } from '../support/rest-scenes.ts';

describe('long polling', () => {
  let hub: CheckedHub;
  let phone: Phone;
  before(async () => {
    hub = await startCheckedHub({ VERIHUB_PUSH: 'none', VERIHUB_SMS: 'none' });
    phone = await enrollPhone(hub, 'alice');
  });
  after(() => hub.close());

  const wait = (id: string, query: string, token?: string) =>
    hub.call('GET', `/v1/verifications/${id}?${query}`, token === undefined ? {} : { token });
  const elapsed = async <T>(work: Promise<T>): Promise<[T, number]> => {
    const before = performance.now();
    return [await work, performance.now() - before];
  };

  it('answers at once when there is news already', async () => {
    const { id } = await startVerification(hub, 'alice');
    const [reply, ms] = await elapsed(wait(id, 'wait=20&rev=0'));
    expect(verificationOf(reply).rev).to.equal(1);
    expect(ms).to.be.below(1_000);
    expect((await elapsed(wait(id, 'wait=20')))[1]).to.be.below(1_000);
  });

  it('answers as soon as a phone acknowledges, and again when it answers', async () => {
    const started = await startVerification(hub, 'alice');
    const { id, waiterToken, number } = started;
    const acknowledged = wait(id, 'wait=20&rev=1', waiterToken);
    await fetchPrompt(hub, phone, id);
    const first = verificationOf(await acknowledged);
    expect(first).to.deep.include({ status: 'pending' });
    expect(first.rev).to.be.above(1);
    const answered = wait(id, `wait=20&rev=${first.rev}`, waiterToken);
    await decide(hub, phone, started, 'approve', number);
    const [reply, ms] = await elapsed(answered);
    expect(verificationOf(reply).status).to.equal('approved');
    expect(verificationOf(reply).resultToken).to.match(/^eyJ/);
    expect(ms).to.be.below(1_000);
  });

  it('answers with what is known when nothing happens', async () => {
    const { id } = await startVerification(hub, 'alice');
    const [reply, ms] = await elapsed(wait(id, 'wait=1&rev=1'));
    expect(reply.status).to.equal(200);
    expect(verificationOf(reply)).to.deep.include({ status: 'pending', rev: 1 });
    expect(ms).to.be.within(900, 3_000);
  });

  it('does not wait for what has ended', async () => {
    const { id } = await startVerification(hub, 'alice');
    await hub.call('POST', `/v1/verifications/${id}/cancel`);
    const [reply, ms] = await elapsed(wait(id, 'wait=20&rev=99'));
    expect(verificationOf(reply).status).to.equal('canceled');
    expect(ms).to.be.below(1_000);
  });

  it('does not let a stranger wait', async () => {
    const { id } = await startVerification(hub, 'alice');
    const { waiterToken } = await startVerification(hub, 'alice');
    const [reply, ms] = await elapsed(wait(id, 'wait=20&rev=1', waiterToken));
    expect(reply.status).to.equal(404);
    expect(ms).to.be.below(1_000);
  });

  it('tells every one of 200 who wait', async () => {
    const started = await startVerification(hub, 'alice');
    const waiting = Array.from({ length: 200 }, () => wait(started.id, 'wait=25&rev=1', started.waiterToken));
    await hub.call('POST', `/v1/verifications/${started.id}/cancel`);
    const replies = await Promise.all(waiting);
    expect(new Set(replies.map((reply) => verificationOf(reply).status))).to.deep.equal(new Set(['canceled']));
  });

  it('shows the page less than the relying party', async () => {
    const started = await startVerification(hub, 'alice');
    await decide(hub, phone, started, 'deny');
    const page = verificationOf(await wait(started.id, 'wait=0', started.waiterToken));
    const party = verificationOf(await wait(started.id, 'wait=0'));
    expect(party.decision).to.have.property('evidence');
    expect(page.decision).not.to.have.property('evidence');
    const reasons = (view: typeof page) => view.delivery.flatMap(({ reason }) => reason ?? []);
    expect(new Set(reasons(page))).to.deep.equal(new Set(['unavailable']));
    expect(reasons(party)).to.include('not-configured');
  });

  it('ends when the hub goes away', async () => {
    const own = await startCheckedHub();
    await enrollPhone(own, 'alice');
    const { id } = await startVerification(own, 'alice');
    const waiting = own.call('GET', `/v1/verifications/${id}?wait=30&rev=1`).catch(() => undefined);
    // Let the request arrive, so that it is the wait that is cut short.
    await own.call('GET', '/healthz');
    const [, ms] = await elapsed(own.close());
    await waiting;
    expect(ms).to.be.below(4_000);
  });
});
