// FCM over TLS at an endpoint of one's own: the right name is asked for and checked, and a stall costs one deadline.
import { expect } from 'chai';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FcmDeps } from '../../server/channels/fcm.ts';
import * as answers from '../support/fcm-answers.ts';
import { openFcmScene, push, type FcmScene } from '../support/fcm-scene.ts';
import { startFcmSimulator } from '../support/fcm-simulator.ts';
import { selfSigned } from '../support/self-signed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = new AbortController().signal;
const folder = temporaryFolder();
after(() => folder.remove());

/** Tokens come from a plain simulator, messages go where the test says. */
async function openTlsScene(deps: Partial<FcmDeps> = {}): Promise<FcmScene & { tokens: AsyncDisposable }> {
  const tokens = await startFcmSimulator();
  const credentials = join(folder.path, `${tokens.port}.json`);
  writeFileSync(credentials, JSON.stringify(tokens.serviceAccount));
  const scene = await openFcmScene({ credentials, ca: selfSigned.cert, ...deps }, { tls: selfSigned });
  return {
    ...scene,
    tokens,
    async [Symbol.asyncDispose]() {
      await scene[Symbol.asyncDispose]();
      await tokens[Symbol.asyncDispose]();
    },
  };
}

describe('FCM over TLS', () => {
  it('asks for the name of its endpoint, in the handshake and in the request', async () => {
    await using scene = await openTlsScene();
    expect(await scene.channel.send(push(), never)).to.deep.include({ kind: 'accepted' });
    expect(scene.fcm.serverNames).to.deep.equal(['localhost']);
    expect(scene.fcm.requests[0]?.headers['host']).to.equal(`localhost:${scene.fcm.port}`);
    expect(scene.fcm.requests[0]?.bearer).to.equal('ya29.issued-1');
  });

  it('says nothing to a server whose certificate nobody vouches for', async () => {
    await using scene = await openTlsScene({ ca: undefined });
    const result = await scene.channel.send(push(), never);
    expect(result).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'depth_zero_self_signed_cert' });
    expect(scene.fcm.requests).to.have.length(0);
  });

  it('says nothing to a server with the certificate of another', async () => {
    await using scene = await openTlsScene();
    await using other = await openTlsScene({
      endpoint: `https://fcm.googleapis.com:${scene.fcm.port}`,
      lookup: (_name, { all }, callback) =>
        all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
    });
    const result = await other.channel.send(push(), never);
    expect(result).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'err_tls_cert_altname_invalid' });
    expect(scene.fcm.requests).to.have.length(0);
  });

  it('that stalls in the handshake was not sent, and its connection goes', async () => {
    const open = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('close', () => closed.resolve());
      socket.once('data', () => open.resolve());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await using scene = await openTlsScene({ endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const deadline = new AbortController();
    const result = scene.channel.send(push(), deadline.signal);
    await open.promise;
    deadline.abort();
    expect(await result).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'timeout' });
    await closed.promise;
    server.close();
  });

  it('that hangs after it was asked may have been sent', async () => {
    await using scene = await openTlsScene();
    scene.fcm.script([], answers.hang);
    const deadline = new AbortController();
    const result = scene.channel.send(push(), deadline.signal);
    await scene.fcm.arrived(1);
    deadline.abort();
    expect(await result).to.deep.equal({ kind: 'unreachable', outcome: 'unknown', reason: 'timeout' });
    await scene.fcm.idle();
  });
});
