// A webhook cannot be made to reach into the hub's own network.
import { expect } from 'chai';
import type { LookupAddress } from 'node:dns';
import { createWebhookChannel } from '../../server/channels/webhook.ts';
import { createLookup, judgeUrl, type Resolve } from '../../server/channels/webhook-target.ts';
import { createFakeClock } from '../support/clock.ts';
import { startReceiver } from '../support/http-receiver.ts';

const never = new AbortController().signal;
const sign = () => 'v1,c2lnbmVk';
const request = (url: string) => ({ id: 'msg_1', applicationId: 'app_1', url, secrets: [], timestamp: 0, body: '{}' });

/** Answers one list after the other, the last for ever. */
function resolveAs(...answers: string[][]): Resolve {
  return async () => {
    const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
}

function look(lookup: ReturnType<typeof createLookup>, all: boolean): Promise<string | LookupAddress[] | Error> {
  return new Promise((resolve) => {
    lookup('name.example', { all }, (error, address) => resolve(error ?? address));
  });
}

describe('a webhook URL', () => {
  const refused: [url: string, because: string][] = [
    ['nonsense', 'url-malformed'],
    ['ftp://a.example/', 'url-malformed'],
    ['https://user:pass@a.example/', 'url-malformed'],
    ['https://user@a.example/', 'url-malformed'],
    ['http://a.example/', 'https-required'],
    ['https://127.0.0.1/', 'address-not-allowed'],
    ['https://127.1/', 'address-not-allowed'],
    ['https://2130706433/', 'address-not-allowed'],
    ['https://0x7f000001/', 'address-not-allowed'],
    ['https://017700000001/', 'address-not-allowed'],
    ['https://0177.0.0.1/', 'address-not-allowed'],
    ['https://１２７.0.0.1/', 'address-not-allowed'],
    ['https://169.254.169.254/latest/meta-data/', 'address-not-allowed'],
    ['https://10.0.0.7:8443/', 'address-not-allowed'],
    ['https://[::1]/', 'address-not-allowed'],
    ['https://[::ffff:127.0.0.1]/', 'address-not-allowed'],
    ['https://[fd00:ec2::254]/', 'address-not-allowed'],
    ['https://[64:ff9b::a00:1]/', 'address-not-allowed'],
    ['https://0/', 'address-not-allowed'],
  ];
  for (const [url, because] of refused) {
    it(`${url} is refused: ${because}`, async () => {
      expect(judgeUrl(url, false)).to.equal(because);
      const channel = createWebhookChannel({ clock: createFakeClock(), sign, allowPrivate: false });
      expect(await channel.send(request(url), never)).to.deep.equal({ kind: 'rejected', reason: because });
    });
  }

  it('may be public, by name or by number', () => {
    expect(judgeUrl('https://hooks.example.com/a', false)).to.be.instanceOf(URL);
    expect(judgeUrl('https://8.8.8.8/', false)).to.be.instanceOf(URL);
    expect(judgeUrl('https://[2606:4700::1111]/', false)).to.be.instanceOf(URL);
  });

  it('may be private and plain where that is allowed', () => {
    expect(judgeUrl('http://127.0.0.1:3000/', true)).to.be.instanceOf(URL);
    expect(judgeUrl('ftp://127.0.0.1/', true)).to.equal('url-malformed');
  });
});

describe('a name', () => {
  for (const addresses of [['127.0.0.1'], ['::1'], ['8.8.8.8', '127.0.0.1'], ['2606:4700::1111', '169.254.169.254']]) {
    it(`that resolves to ${addresses.join(' and ')} is not connected to`, async () => {
      await using receiver = await startReceiver((response) => response.end());
      const clock = createFakeClock();
      const channel = createWebhookChannel({ clock, sign, allowPrivate: false, resolve: resolveAs(addresses) });
      const result = await channel.send(request(`https://hooks.example:${receiver.port}/`), never);
      expect(result).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'address-not-allowed' });
      expect(receiver.connections()).to.equal(0);
      expect(clock.timers()).to.equal(0);
      channel.close();
    });
  }

  it('is connected to at the addresses that were judged', async () => {
    await using receiver = await startReceiver((response) => response.end());
    const channel = createWebhookChannel({
      clock: createFakeClock(),
      sign,
      allowPrivate: true,
      resolve: resolveAs(['127.0.0.1']),
    });
    const result = await channel.send(request(`http://hooks.example:${receiver.port}/`), never);
    expect(result).to.deep.include({ kind: 'accepted' });
    expect(receiver.received[0]?.headers.host).to.equal(`hooks.example:${receiver.port}`);
    channel.close();
  });

  it('is judged at every connection, so that rebinding gains nothing', async () => {
    const lookup = createLookup(false, resolveAs(['8.8.8.8'], ['127.0.0.1']));
    expect(await look(lookup, true)).to.deep.equal([{ address: '8.8.8.8', family: 4 }]);
    expect(await look(lookup, true)).to.be.instanceOf(Error);
    expect(await look(createLookup(false, resolveAs(['8.8.8.8', '1.1.1.1'])), false)).to.equal('8.8.8.8');
  });

  it('is looked up in the family that is asked for', async () => {
    const asked: unknown[] = [];
    const lookup = createLookup(false, async (_name, options) => {
      asked.push(options);
      return [{ address: '2606:4700::1111', family: 6 }];
    });
    for (const options of [{ all: true, family: 6 }, { all: true }]) {
      await new Promise<void>((resolve) => {
        lookup('name.example', options, () => resolve());
      });
    }
    expect(asked).to.deep.equal([
      { all: true, family: 6 },
      { all: true, family: 0 },
    ]);
  });

  it('without an address, or that cannot be resolved, is unreachable', async () => {
    const clock = createFakeClock();
    const failing: Resolve = () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
    for (const [resolve, reason] of [
      [resolveAs([]), 'network'],
      [failing, 'enotfound'],
    ] as const) {
      const channel = createWebhookChannel({ clock, sign, allowPrivate: false, resolve });
      const result = await channel.send(request('https://hooks.example/'), never);
      expect(result).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason });
      channel.close();
    }
  });

  it('whose resolution hangs costs one deadline, and nothing was sent', async () => {
    const clock = createFakeClock();
    const hangs = Promise.withResolvers<LookupAddress[]>();
    const asked = Promise.withResolvers<void>();
    const resolve: Resolve = () => {
      asked.resolve();
      return hangs.promise;
    };
    const channel = createWebhookChannel({ clock, sign, allowPrivate: false, resolve });
    const result = channel.send(request('https://hooks.example/'), never);
    await asked.promise;
    clock.advance(10_000);
    expect(await result).to.deep.equal({ kind: 'unreachable', outcome: 'not-sent', reason: 'timeout' });
    hangs.resolve([{ address: '127.0.0.1', family: 4 }]);
    channel.close();
  });
});
