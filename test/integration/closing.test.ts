// Closing: what is in flight is finished, nobody new is taken in, and the next start finds everything as it was.
import { expect } from 'chai';
import { join } from 'node:path';
import type { Store } from '../../server/ports/store.ts';
import { startTestHub } from '../support/hub.ts';
import { enrollPhone } from '../support/phone.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Shown {
  id: string;
  rev: number;
  [field: string]: unknown;
}

/** Tells when the store is asked for a verification: whoever long-polls for it is waiting from then on. */
function watchReads() {
  const asked = Promise.withResolvers<void>();
  let isArmed = false;
  const wrapStore = (store: Store): Store => ({
    ...store,
    read: (refs) => {
      if (isArmed && refs.some(({ kind }) => kind === 'verification')) asked.resolve();
      return store.read(refs);
    },
  });
  const arm = (): void => {
    isArmed = true;
  };
  return { wrapStore, arm, asked: asked.promise };
}

describe('a hub that closes', () => {
  it('answers a long poll that waits, instead of cutting it', async () => {
    const { wrapStore, arm, asked } = watchReads();
    const hub = await startTestHub({}, { wrapStore });
    await enrollPhone(hub, 'alice');
    const created = await hub.call('POST', '/v1/verifications', { body: { userId: 'alice', action: 'Sign in' } });
    const { id, rev } = created.body['verification'] as Shown;
    arm();
    const waiting = hub.call('GET', `/v1/verifications/${id}?wait=30&rev=${rev}`);
    await asked;
    await hub.close();
    expect(await waiting).to.have.nested.include({ status: 200, 'body.verification.status': 'pending' });
  });

  it('may be told twice, and takes nobody in afterwards', async () => {
    const hub = await startTestHub();
    await Promise.all([hub.close(), hub.close()]);
    const refusal: unknown = await hub.call('GET', '/healthz').catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(TypeError);
  });

  it('finds every user, device and pending verification again', async () => {
    const folder = temporaryFolder();
    const env = { VERIHUB_STORE: `sqlite:${join(folder.path, 'hub.db')}` };
    try {
      const first = await startTestHub(env);
      await first.call('PUT', '/v1/users/alice', { body: { phoneNumber: '+31612345678', delivery: 'push' } });
      await enrollPhone(first, 'alice');
      const created = await first.call('POST', '/v1/verifications', { body: { userId: 'alice', action: 'Sign in' } });
      const { id } = created.body['verification'] as Shown;
      const paths = ['/v1/users/alice', '/v1/users/alice/devices', `/v1/verifications/${id}`];
      const ask = async (hub: typeof first): Promise<unknown[]> => {
        const replies = await Promise.all(paths.map((path) => hub.call('GET', path)));
        return replies.map(({ body: { serverTime: _now, ...body } }) => body);
      };
      const before = await ask(first);
      await first.close();
      await using second = await startTestHub(env);
      expect(await ask(second)).to.deep.equal(before);
    } finally {
      folder.remove();
    }
  });
});
