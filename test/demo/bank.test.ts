// The sample bank's backend over HTTP: it believes nothing that a page brings, and only its own pages may ask.
import { expect } from 'chai';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { enrollPhone, type Phone } from '../support/phone.ts';

interface Visitor {
  post(path: string, body?: object, headers?: Record<string, string>): Promise<{ status: number; body: Answer }>;
}
interface Answer {
  kind?: string;
  code?: string;
  message?: string;
  waiting?: { verificationId: string; waiterToken: string };
  account?: { userId: string; method: string; payments: unknown[] };
}

describe('the sample bank', () => {
  let hub: TestHub;
  let phone: Phone;

  before(async () => {
    hub = await startTestHub({ VERIHUB_DEMO: 'true' });
    phone = await enrollPhone(hub, 'alice');
  });

  after(() => hub.close());

  const signIn = { userId: 'alice', mode: 'none', lifetimeSeconds: 300 };

  /** A browser: it keeps its cookies. */
  function visitor(): Visitor {
    const cookies = new Map<string, string>();
    return {
      async post(path, body = {}, headers = {}) {
        const response = await fetch(`${hub.localUrl}/demo/api/${path}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            cookie: [...cookies].map((pair) => pair.join('=')).join('; '),
            ...headers,
          },
          body: JSON.stringify(body),
        });
        for (const cookie of response.headers.getSetCookie()) {
          expect(cookie)
            .to.match(/httponly/i)
            .and.match(/samesite=strict/i);
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
          cookies.set(name, value);
        }
        return { status: response.status, body: (await response.json()) as Answer };
      },
    };
  }

  async function ask(who: Visitor) {
    const { body } = await who.post('sign-in', signIn);
    return body.waiting!;
  }

  async function approve(id: string): Promise<string> {
    const { body } = await phone.call('POST', `/v1/device/prompts/${id}/acknowledge`);
    const prompt = body['prompt'] as { id: string; challenge: string };
    await phone.call('POST', `/v1/device/prompts/${id}/decision`, { decision: phone.decision(prompt, 'approve') });
    return resultToken(id);
  }

  async function resultToken(id: string): Promise<string> {
    const { body } = await hub.call('GET', `/v1/verifications/${id}`);
    return (body['verification'] as { resultToken: string }).resultToken;
  }

  it('opens the account for the result of what this browser asked', async () => {
    const alice = visitor();
    const { verificationId } = await ask(alice);
    const { status, body } = await alice.post('finish', { resultToken: await approve(verificationId) });
    expect(status).to.equal(200);
    expect(body.account).to.include({ userId: 'alice', method: 'app' });
  });

  it('uses a result once, however often its token is minted', async () => {
    const alice = visitor();
    const { verificationId } = await ask(alice);
    await alice.post('finish', { resultToken: await approve(verificationId) });
    const { status, body } = await alice.post('finish', { resultToken: await resultToken(verificationId) });
    expect(body.code).to.equal('result-used');
    expect(status).to.equal(422);
  });

  it('refuses the result of what another browser asked', async () => {
    const [alice, mallory] = [visitor(), visitor()];
    const { verificationId } = await ask(alice);
    const stolen = await approve(verificationId);
    expect((await mallory.post('finish', { resultToken: stolen })).body.code).to.equal('result-invalid');
    await ask(mallory);
    expect((await mallory.post('finish', { resultToken: stolen })).body.code).to.equal('result-invalid');
  });

  it('refuses a waiter token, a result that is not approved, and what is no token', async () => {
    const alice = visitor();
    const { verificationId, waiterToken } = await ask(alice);
    expect((await alice.post('finish', { resultToken: waiterToken })).body.code).to.equal('result-invalid');
    expect((await alice.post('finish', { resultToken: 'nonsense' })).body.code).to.equal('result-invalid');
    expect((await alice.post('finish')).body.code).to.equal('result-invalid');
    await hub.call('POST', `/v1/verifications/${verificationId}/cancel`);
    const canceled = await alice.post('finish', { resultToken: await resultToken(verificationId) });
    expect(canceled.body.code).to.equal('result-not-approved');
  });

  it('pays and trusts only for who is signed in', async () => {
    const nobody = visitor();
    expect((await nobody.post('payment', signIn)).status).to.equal(422);
    expect((await nobody.post('trust')).body.code).to.equal('not-approved');
    expect((await nobody.post('forget-trust')).body.code).to.equal('not-approved');
    await ask(nobody);
    expect((await nobody.post('trust')).body.code).to.equal('not-approved');
  });

  it('is not to be used from other sites', async () => {
    const alice = visitor();
    const foreign = await alice.post('sign-in', signIn, { 'sec-fetch-site': 'cross-site' });
    expect(foreign.status).to.equal(403);
    const form = await alice.post('sign-in', signIn, { 'content-type': 'text/plain' });
    expect(form.status).to.equal(415);
  });

  it('says what is wrong with what is typed', async () => {
    const alice = visitor();
    const texts = await Promise.all([
      alice.post('sign-in', { ...signIn, userId: '' }),
      alice.post('sign-in', { ...signIn, mode: 'guess' }),
      alice.post('sign-in', { ...signIn, lifetimeSeconds: 1 }),
      alice.post('person', { userId: 'alice', delivery: 'pigeon' }),
      alice.post('person', { userId: 'alice', delivery: 'push', phoneNumber: '0612345678' }),
    ]);
    expect(texts.map(({ status }) => status)).to.deep.equal([422, 422, 422, 422, 422]);
    expect(texts.map(({ body }) => body.message).join(' '))
      .to.include('user name')
      .and.include('+44');
  });

  it('refuses what is too long', async () => {
    expect((await visitor().post('sign-in', { userId: 'x'.repeat(20_000) })).status).to.equal(413);
  });
});
