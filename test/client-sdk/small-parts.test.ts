/** The small pure parts of the SDK: backoff, base64url, origins, clock, advice, memory key store. */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { adviceFor } from '../../client-sdk/advice.ts';
import { createBackoff, reconnectBackoff } from '../../client-sdk/backoff.ts';
import { decodeBase64Url, encodeBase64Url } from '../../client-sdk/base64url.ts';
import { clientErrorCodes } from '../../client-sdk/error-codes.ts';
import { errorFromProblem, errorFromStatus, VerihubError } from '../../client-sdk/errors.ts';
import { createHubClock } from '../../client-sdk/hub-clock.ts';
import { isTrustworthyOrigin, parseEnrollmentUri, parseHubOrigin } from '../../client-sdk/hub-origin.ts';
import { createMemoryKeyStore } from '../../client-sdk/memory-key-store.ts';
import { createPromptList } from '../../client-sdk/prompt-list.ts';
import { problemCodes } from '../../client-sdk/protocol.ts';
import { createSnapshotKeeper } from '../../client-sdk/snapshot-keeper.ts';
import { rejectionOf } from './support/conditions.ts';
import { createFakeRuntime } from './support/fake-runtime.ts';
import { openJws, prompt, verification } from './support/wire.ts';
import { signCompact } from '../../client-sdk/device-signature.ts';

describe('backoff', () => {
  it('is full jitter: uniform from nothing up to a doubling, capped bound', () => {
    const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.array(dice, { minLength: 1, maxLength: 40 }), (throws) => {
        const rest = [...throws];
        const backoff = createBackoff(reconnectBackoff, () => rest.shift() ?? 0);
        throws.forEach((chance, tries) => {
          const bound = Math.min(15_000, 2_000 * 2 ** tries);
          expect(backoff.next()).to.equal(Math.floor(chance * bound));
        });
      }),
    );
    expect(reconnectBackoff.maxMs).to.be.at.least(10_000);
  });

  it('starts over after a reset', () => {
    const backoff = createBackoff({ baseMs: 100, maxMs: 10_000 }, () => 0.99);
    expect([backoff.next(), backoff.next()]).to.deep.equal([99, 198]);
    backoff.reset();
    expect(backoff.next()).to.equal(99);
  });
});

describe('base64url', () => {
  it('agrees with Buffer both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = encodeBase64Url(bytes);
        expect(text).to.equal(Buffer.from(bytes).toString('base64url'));
        expect([...decodeBase64Url(text)]).to.deep.equal([...bytes]);
      }),
    );
  });

  it('refuses what is not base64url', () => {
    for (const text of ['A', 'AB=', 'AB+/', 'A B', 'ÄÄ'])
      expect(() => decodeBase64Url(text), text).to.throw(RangeError);
  });
});

describe('hub origins', () => {
  it('are scheme, host and port, and nothing else', () => {
    const table: Record<string, string> = {
      'https://Verify.Example.com': 'https://verify.example.com',
      'https://verify.example.com/': 'https://verify.example.com',
      'https://verify.example.com:443': 'https://verify.example.com',
      'http://localhost:80': 'http://localhost',
      'http://localhost:3000': 'http://localhost:3000',
      'http://[::1]:3000': 'http://[::1]:3000',
    };
    for (const [text, origin] of Object.entries(table)) expect(parseHubOrigin(text)).to.equal(origin);
    for (const text of [
      '',
      'verify.example.com',
      'ftp://a',
      'https://a/path',
      'https://user@a',
      'https://a?b',
      'https://a#b',
      'https://a b',
    ]) {
      expect(() => parseHubOrigin(text), text).to.throw(VerihubError);
    }
  });

  it('are as the URL standard has them', () => {
    const label = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9]{0,8}$/);
    const host = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
    const port = fc.option(fc.integer({ min: 1, max: 65_535 }));
    fc.assert(
      fc.property(fc.constantFrom('http', 'HTTPS'), host, port, (scheme, name, number) => {
        const text = `${scheme}://${name}${number === null ? '' : `:${number}`}`;
        expect(parseHubOrigin(text)).to.equal(new URL(text).origin);
      }),
    );
  });

  it('are trusted over https, or on this machine', () => {
    for (const origin of [
      'https://a',
      'http://localhost:1',
      'http://127.0.0.1:1',
      'http://[::1]',
      'http://app.localhost:1',
    ]) {
      expect(isTrustworthyOrigin(origin), origin).to.equal(true);
    }
    for (const origin of ['http://a', 'http://localhost.evil.com', 'http://127.0.0.1.evil.com', 'http://10.0.0.1']) {
      expect(isTrustworthyOrigin(origin), origin).to.equal(false);
    }
  });

  it('come out of enrollment links', () => {
    expect(parseEnrollmentUri(' https://verify.example.com/enroll#abc_-1 ')).to.deep.equal({
      hub: 'https://verify.example.com',
      enrollmentToken: 'abc_-1',
    });
  });
});

describe('the hub clock', () => {
  it('moves by what the hub says, but not for network delay', () => {
    const runtime = createFakeRuntime(1_000_000);
    const clock = createHubClock(runtime);
    expect(clock.observe(new Date(1_000_900).toISOString())).to.equal(false);
    expect(clock.now()).to.equal(1_000_000);
    expect(clock.observe(new Date(9_000_000).toISOString())).to.equal(true);
    expect(clock.now()).to.equal(9_000_000);
    for (const odd of [undefined, '', 'yesterday']) expect(clock.observe(odd)).to.equal(false);
    expect(clock.now()).to.equal(9_000_000);
  });
});

describe('errors', () => {
  it('tell a person what to do, for every code there is', () => {
    for (const code of [...Object.keys(problemCodes), ...clientErrorCodes] as VerihubError['code'][]) {
      const text = adviceFor(code, {});
      expect(text, code)
        .to.match(/^[A-Z].{15,}[.]$/s)
        .and.not.match(/undefined/);
    }
  });

  it('keep the places in a request for developers', () => {
    const detail = '/code: must be six digits. And 1 more.';
    const errors = [{ pointer: '/code', detail: 'must be six digits' }];
    for (const code of ['invalid', 'malformed'] as const) {
      const error = new VerihubError(code, { detail, errors });
      expect(error.message).not.to.match(/\/|six digits/);
      expect(error).to.deep.include({ detail, errors });
    }
    expect(new VerihubError('invalid', { detail: 'This asks for no number; leave it out.' }).message).to.equal(
      'The hub did not accept this: This asks for no number; leave it out.',
    );
    for (const mixed of ['Ask without /number or with it.', 'Look at "/number".', '/phoneNumber is wrong.'])
      expect(new VerihubError('invalid', { detail: mixed }).message).not.to.include('/');
  });

  it('never take a proxy’s word for the hub’s', () => {
    for (const status of [400, 401, 403, 404, 409, 410]) expect(errorFromStatus(status).code).to.equal('bad-response');
    for (const status of [502, 503, 504]) expect(errorFromStatus(status).code).to.equal('store-unavailable');
    expect(errorFromStatus(500).code).to.equal('internal');
    expect(errorFromStatus(429, 7)).to.include({ code: 'rate-limited', retryAfter: 7 });
  });

  it('keep what the hub said', () => {
    const base = { type: 'about:blank', title: 't', status: 409, detail: 'd', requestId: 'r' };
    const error = errorFromProblem({
      ...base,
      code: 'already-decided',
      verificationStatus: 'expired',
      serverTime: 's',
    });
    expect(error).to.include({ code: 'already-decided', status: 409, detail: 'd', requestId: 'r', serverTime: 's' });
    expect(error.verificationStatus).to.equal('expired');
    expect(errorFromProblem({ ...base, code: 'toString' }).code).to.equal('already-decided');
  });
});

describe('the memory key store', () => {
  it('goes on as the same device from its export', async () => {
    const store = createMemoryKeyStore();
    const keys = await store.createKeys();
    await store.save({ hub: 'https://a', enrollment: 'e' });
    const copy = createMemoryKeyStore(await store.export());
    expect(await copy.publicKeys()).to.deep.equal(keys);
    expect(await copy.load()).to.deep.equal({ hub: 'https://a', enrollment: 'e' });
    await openJws(await signCompact(copy, { typ: 'x' }, {}), keys.signing);
    const peer = await createMemoryKeyStore().createKeys();
    expect(await copy.agree(peer.encryption)).to.deep.equal(await store.agree(peer.encryption));
  });

  it('says what is wrong with an import, and with having no keys', async () => {
    for (const text of ['', '{}', 'null']) expect(() => createMemoryKeyStore(text), text).to.throw(VerihubError);
    const broken = createMemoryKeyStore(JSON.stringify({ keys: { signing: {}, encryption: {} }, record: null }));
    await rejectionOf(broken.sign(new Uint8Array(1)));
    const empty = createMemoryKeyStore();
    expect(await empty.publicKeys()).to.equal(null);
    expect(await rejectionOf(empty.sign(new Uint8Array(1)))).to.have.property('code', 'key-store');
  });

  it('is refused when it signs in DER', async () => {
    const store = createMemoryKeyStore();
    const der = { ...store, sign: async () => new Uint8Array(71) };
    const error = await rejectionOf(signCompact(der, { typ: 'x' }, {}));
    expect(error).to.have.property('code', 'key-store');
    expect(error).to.have.property('detail').that.matches(/64/);
  });
});

describe('the snapshot keeper', () => {
  it('lets nothing undo an end, not even on a new connection', () => {
    const keeper = createSnapshotKeeper('ver_1');
    expect(keeper.take(verification({ rev: 2, status: 'denied' }))).to.equal(true);
    keeper.beginConnection();
    expect(keeper.take(verification({ rev: 9, status: 'approved' }))).to.equal(false);
    expect(keeper.current()?.status).to.equal('denied');
  });
});

describe('the prompt list', () => {
  const copies = fc.record({
    id: fc.constantFrom('a', 'b'),
    rev: fc.integer({ min: 1, max: 4 }),
    text: fc.constantFrom('x', 'y'),
  });
  const steps = fc.oneof(
    copies.map((copy) => ({ kind: 'receive' as const, copy })),
    fc.array(copies, { maxLength: 2 }).map((list) => ({ kind: 'reconcile' as const, list })),
    fc.constantFrom('a', 'b').map((id) => ({ kind: 'close' as const, id })),
    fc.constant({ kind: 'connect' as const }),
  );

  it('shows a person exactly what is open, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 30 }), (script) => {
        const list = createPromptList();
        /** What a person sees: id → text. */
        const screen = new Map<string, string>();
        const view = ({ id, rev, text }: { id: string; rev: number; text: string }) =>
          prompt({ id, rev, action: text });
        for (const step of script) {
          if (step.kind === 'receive' && list.receive(view(step.copy))) screen.set(step.copy.id, step.copy.text);
          if (step.kind === 'close') {
            list.close(step.id);
            screen.delete(step.id);
          }
          if (step.kind === 'connect') list.beginConnection();
          if (step.kind === 'reconcile') {
            const { shown, gone } = list.reconcile(step.list.map(view));
            for (const id of gone) screen.delete(id);
            for (const { id, action } of shown) screen.set(id, action);
          }
          const open = list.all().map(({ id, action }) => [id, action]);
          expect(Object.fromEntries(open)).to.deep.equal(Object.fromEntries(screen));
        }
      }),
      { numRuns: 500 },
    );
  });
});
