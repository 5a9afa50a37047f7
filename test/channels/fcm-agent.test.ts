// The agent under firebase-admin, asked as firebase-admin asks it.
import { expect } from 'chai';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { createFcmAgent, type FcmAgent } from '../../server/channels/fcm-agent.ts';
import { accept, hang } from '../support/fcm-answers.ts';
import { startFcmSimulator, type FcmSimulator } from '../support/fcm-simulator.ts';
import { settle } from '../support/settle.ts';

const never = new AbortController().signal;

interface Scene extends AsyncDisposable {
  fcm: FcmSimulator;
  line: FcmAgent;
  /** As firebase-admin does it, to Google. */
  ask(): Promise<IncomingHttpHeaders>;
}

async function setUp(): Promise<Scene> {
  const fcm = await startFcmSimulator();
  const line = createFcmAgent({ endpoint: new URL(fcm.origin) });
  return {
    fcm,
    line,
    ask: () =>
      new Promise((resolve, reject) => {
        const url = 'https://fcm.googleapis.com/v1/projects/sim/messages:send';
        request(url, { agent: line.agent, method: 'POST' }, (response) => {
          response.resume();
          resolve(response.headers);
        })
          .on('error', reject)
          .end('{"message": {}}');
      }),
    async [Symbol.asyncDispose]() {
      line.close();
      await fcm[Symbol.asyncDispose]();
    },
  };
}

async function refusalOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'not refused',
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  );
}

describe('the agent for FCM', () => {
  it('takes one request an attempt, and none outside', async () => {
    await using scene = await setUp();
    const refusals: string[] = [];
    refusals.push(await refusalOf(scene.ask()));
    const exchange = await scene.line.exchange('t', never, async () => {
      await scene.ask();
      refusals.push(await refusalOf(scene.ask()));
    });
    expect(exchange).to.deep.include({ kind: 'answered', status: 200 });
    expect(refusals[0]).to.equal('a request outside an attempt');
    await settle();
    expect(refusals[1]).to.equal('an attempt has one request');
    expect(scene.fcm.requests).to.have.length(1);
  });

  it('takes none after the signal', async () => {
    await using scene = await setUp();
    const controller = new AbortController();
    const refusal = Promise.withResolvers<string>();
    const exchange = await scene.line.exchange('t', controller.signal, async () => {
      controller.abort();
      refusal.resolve(await refusalOf(scene.ask()));
    });
    expect(exchange).to.deep.equal({ kind: 'broken', sent: false, reason: 'timeout' });
    expect(await refusal.promise).to.equal('the attempt is over');
    await settle();
    expect(scene.fcm.connections()).to.equal(0);
  });

  it('keeps attempts apart that run at the same time', async () => {
    await using scene = await setUp();
    const tokens = Array.from({ length: 30 }, (_, index) => `token-${index}`);
    await Promise.all(tokens.map((token) => scene.line.exchange(token, never, scene.ask)));
    expect(scene.fcm.requests.map(({ bearer }) => bearer).toSorted()).to.deep.equal(tokens.toSorted());
  });

  it('hides what would make firebase-admin unpack an answer, take it apart, or wait', async () => {
    await using scene = await setUp();
    const headers = { 'content-encoding': 'gzip', 'content-type': 'multipart/mixed; boundary=a', 'retry-after': '9' };
    scene.fcm.script([(response) => void response.writeHead(503, headers).end('no')]);
    const seen = Promise.withResolvers<IncomingHttpHeaders>();
    const exchange = await scene.line.exchange('t', never, async () => seen.resolve(await scene.ask()));
    expect(exchange).to.deep.equal({ kind: 'answered', status: 503, retryAfter: '9', body: 'no' });
    expect(await seen.promise).not.to.have.any.keys(Object.keys(headers));
  });

  it('says why there was no request', async () => {
    await using scene = await setUp();
    const error = new Error('no message');
    expect(await scene.line.exchange('t', never, () => Promise.reject(error))).to.deep.equal({ kind: 'unsent', error });
    expect(await scene.line.exchange('t', never, async () => {})).to.deep.equal({ kind: 'unsent', error: undefined });
  });

  it('knows that a request on a connection used before may have been sent at once', async () => {
    await using scene = await setUp();
    await scene.line.exchange('t', never, scene.ask);
    const controller = new AbortController();
    scene.fcm.script([hang], accept);
    const exchange = scene.line.exchange('t', controller.signal, scene.ask);
    await scene.fcm.arrived(2);
    controller.abort();
    expect(await exchange).to.deep.equal({ kind: 'broken', sent: true, reason: 'timeout' });
    expect(scene.fcm.connections()).to.equal(1);
  });
});
