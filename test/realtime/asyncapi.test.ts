// asyncapi.yaml: a valid AsyncAPI document, which describes what a hub says and takes, all of it.
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';
import { expect } from 'chai';
import { createAsyncapiCheck, keyOf, readAsyncapi } from '../support/asyncapi-check.ts';
import { startReceiver } from '../support/http-receiver.ts';
import { startTestHub } from '../support/hub.ts';
import { enrollPhone } from '../support/phone.ts';
import { approve, decide, startVerification } from '../support/rest-scenes.ts';
import { until } from './support/clients.ts';
import { createCheckedSockets, promptOf } from './support/checked-sockets.ts';

describe('asyncapi.yaml', () => {
  it('is a valid AsyncAPI 3.0 document', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    ajvFormats.default(ajv);
    const validate = ajv.compile(specs.schemasWithoutId['3.0.0'] as object);
    validate(readAsyncapi());
    expect(validate.errors).to.equal(null);
  }).timeout(20_000);

  it('leads nowhere wrong, and leaves no message unused', () => {
    const { channels, operations, components } = readAsyncapi();
    const used = Object.values(operations).flatMap(({ messages, reply }) =>
      [...messages, ...(reply?.messages ?? [])].map(keyOf),
    );
    const described = Object.entries(channels).flatMap(([channel, { messages }]) =>
      Object.keys(messages).map((key) => `${channel}/${key}`),
    );
    expect([...new Set(used)].toSorted()).to.deep.equal(described.toSorted());
    const references = JSON.stringify({ channels, components }).matchAll(/"#\/components\/schemas\/(\w+)"/g);
    expect(
      [...references].map(([, name]) => name).filter((name) => name === undefined || !(name in components.schemas)),
    ).to.deep.equal([]);
  });

  it('describes every message of both namespaces as the running hub sends and takes it', async () => {
    await using hub = await startTestHub();
    const check = createAsyncapiCheck();
    const sockets = createCheckedSockets(() => hub.localUrl, check);
    const phone = await enrollPhone(hub, 'alice');
    const device = await sockets.device(phone);
    await sockets.refused('/device', { token: 'none' });
    await sockets.refused('/browser', { token: 'none' });
    const first = await startVerification(hub, 'alice');
    const page = await sockets.browser(first.waiterToken);
    const prompt = await promptOf(device, first.id);
    await device.ask('prompts');
    await device.ask('decide', { decision: 'aaa.bbb.ccc' });
    await page.ask('code', { code: '123456' });
    await page.ask('resend', { step: 'socket' });
    await device.ask('decide', { decision: phone.decision(prompt, 'approve', first.number) });
    const second = await startVerification(hub, 'alice');
    const other = await sockets.browser(second.waiterToken);
    await other.ask('cancel');
    await until(() => device.payloads('closed').length === 2, 'both closed');
    sockets.closeAll();
    expect(sockets.faults).to.deep.equal([]);
    const described = Object.entries(readAsyncapi().channels).flatMap(([channel, { messages }]) =>
      channel === 'webhooks' ? [] : Object.keys(messages).map((key) => `${channel}/${key}`),
    );
    expect(described.filter((key) => !check.seen.has(key))).to.deep.equal([]);
  }).timeout(15_000);

  it('describes webhooks as they are sent', async () => {
    await using receiver = await startReceiver((response) => void response.writeHead(204).end());
    await using hub = await startTestHub({
      VERIHUB_WEBHOOK_URL: `${receiver.origin}/hook`,
      VERIHUB_WEBHOOK_SECRET: `whsec_${Buffer.from('a webhook secret of 32 bytes or so').toString('base64')}`,
      VERIHUB_WEBHOOK_ALLOW_PRIVATE: 'true',
    });
    const check = createAsyncapiCheck();
    const phone = await enrollPhone(hub, 'alice');
    const { phone: other } = await approve(hub, 'alice', phone);
    await decide(hub, other, await startVerification(hub, 'alice'), 'report');
    await hub.call('DELETE', `/v1/users/alice/devices/${phone.deviceId}`);
    const told = (): string[] => receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    const wanted = [
      'device.enrolled',
      'verification.approved',
      'verification.denied',
      'verification.fraud_reported',
      'device.revoked',
    ];
    await until(() => wanted.every((type) => told().includes(type)), `webhooks of all kinds`);
    for (const { body, headers } of receiver.received) {
      const message = JSON.parse(body) as { type: string };
      const key = message.type.startsWith('device.') ? 'device' : 'verification';
      expect(check.message('webhooks', key, message)).to.deep.equal([]);
      expect(check.headers('webhooks', key, headers)).to.deep.equal([]);
    }
  }).timeout(15_000);
});

describe('the check against asyncapi.yaml itself', () => {
  const check = createAsyncapiCheck();
  const closed = { id: 'ver_1', rev: 1, status: 'denied' };

  it('lets pass what is described', () => {
    expect(check.event('send', '/device', 'closed', closed)).to.deep.equal([]);
    expect(
      check.reply('/device', 'prompts', { ok: true, prompts: [], serverTime: '2026-01-01T00:00:00Z' }),
    ).to.deep.equal([]);
  });

  const wrong: [what: string, faults: () => string[]][] = [
    ['an event that is not described', () => check.event('send', '/device', 'opened', closed)],
    ['an event of the other namespace', () => check.event('send', '/browser', 'closed', closed)],
    ['an event the other way round', () => check.event('receive', '/device', 'closed', closed)],
    ['a field too many', () => check.event('send', '/device', 'closed', { ...closed, number: '42' })],
    ['a field missing', () => check.event('send', '/device', 'closed', { id: 'ver_1', rev: 1 })],
    ['a wrong type', () => check.event('send', '/device', 'closed', { ...closed, rev: '1' })],
    ['something where nothing is described', () => check.event('receive', '/browser', 'cancel', { id: 'ver_1' })],
    ['an answer that is neither', () => check.reply('/device', 'decide', { ok: true })],
    ['an answer where none is described', () => check.reply('/device', 'closed', {})],
  ];
  for (const [what, faults] of wrong) it(`sees ${what}`, () => expect(faults()).not.to.deep.equal([]));
});
