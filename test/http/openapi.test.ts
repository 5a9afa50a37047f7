// openapi.yaml: a valid OpenAPI document, and what the running hub answers, call by call.
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect } from 'chai';
import { openapiDocument } from '../../server/http/openapi.ts';
import { startCheckedHub, type CheckedHub } from '../support/checked-hub.ts';
import { startReceiver } from '../support/http-receiver.ts';
import { createOpenapiCheck, readOpenapi, type OpenapiCheck } from '../support/openapi-check.ts';
import { createPhone, enrollmentBody, enrollPhone, makeKeys, type Phone } from '../support/phone.ts';
import { approve, decide, startSms, startVerification } from '../support/rest-scenes.ts';
import { createShiftedClock, type ShiftedClock } from '../support/shifted-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { signCallback } from '../support/vonage-callback.ts';
import { startVonageSimulator, vonageEnv } from '../support/vonage-simulator.ts';

describe('openapi.yaml', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const { valid, errors } = await new Validator().validate(openapiDocument());
    expect(errors).to.equal(undefined);
    expect(valid).to.equal(true);
  });

  it('gives each operation a name of its own', () => {
    const names = operations();
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.have.length.above(25);
  });

  it('describes the good answer of every operation as the running hub gives it', async () => {
    const clock = createShiftedClock();
    await using receiver = await startReceiver((response) => void response.writeHead(410).end());
    const webhook = { VERIHUB_WEBHOOK_URL: receiver.origin, VERIHUB_WEBHOOK_SECRET: webhookSecret };
    const env = { ...webhook, VERIHUB_WEBHOOK_ALLOW_PRIVATE: 'true' };
    await using hub = await startCheckedHub(env, { clock }, createOpenapiCheck());
    await walkThroughEverything(hub, clock);
    await callBackAsVonage(hub.openapi);
    const answered = [...hub.openapi.seen].filter((seen) => / 20[0-9]$/.test(seen)).map((seen) => seen.split(' ')[0]);
    expect(operations().filter((name) => !answered.includes(name))).to.deep.equal([]);
  });
});

describe('the check against openapi.yaml itself', () => {
  const check = createOpenapiCheck();
  const headers = new Headers({ 'content-type': 'application/json', 'x-request-id': 'abcdefgh' });
  const look = (change: object) =>
    check.faults({
      method: 'GET',
      path: '/healthz',
      status: 200,
      headers,
      text: '{"status":"ok"}',
      ...change,
    });

  it('lets a described reply pass', () => expect(look({})).to.deep.equal([]));

  const wrong: [what: string, change: object][] = [
    ['a status that is not described', { status: 418 }],
    ['a field too many', { text: '{"status":"ok","version":"1"}' }],
    ['a field missing', { text: '{}' }],
    ['a wrong type', { text: '{"status":1}' }],
    ['another content type', { headers: new Headers({ 'content-type': 'text/plain', 'x-request-id': 'abcdefgh' }) }],
    ['a missing header', { headers: new Headers({ 'content-type': 'application/json' }) }],
    ['an unknown path that is served', { path: '/nowhere' }],
    ['a method that is not described', { method: 'PATCH' }],
  ];
  for (const [what, change] of wrong) {
    it(`sees ${what}`, () => expect(look(change)).not.to.deep.equal([]));
  }
});

function operations(): string[] {
  return Object.values(readOpenapi().paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
}

/** Every operation once, with as many fields as it takes. */
async function walkThroughEverything(hub: CheckedHub, clock: ShiftedClock): Promise<void> {
  const get = async (...paths: string[]) => {
    for (const path of paths) await hub.call('GET', path);
  };
  await get('/healthz', '/readyz', '/metrics', '/enroll', '/.well-known/jwks.json');
  await hub.call('PUT', '/v1/users/alice', {
    body: { phoneNumber: '+31612345678', locale: 'nl', delivery: 'push_then_sms' },
  });
  const phone = await enrollThroughHub(hub);
  await get('/v1/users/alice', '/v1/users/alice/devices');

  const started = await startVerification(hub, 'alice', everyField);
  await hub.call('GET', '/v1/device/prompts', { token: phone.token() });
  await decide(hub, phone, started, 'approve', started.number);
  await get(`/v1/verifications/${started.id}`, `/v1/verifications/${started.id}/timeline`);

  const trusted = await trust(hub, started.id);
  await startVerification(hub, 'alice', { trustToken: trusted });
  await get('/v1/users/alice/trusted-browsers');
  await hub.call('GET', '/v1/device/trusted-browsers', { token: phone.token() });
  await hub.call('DELETE', `/v1/users/alice/trusted-browsers/${started.id.replace('ver_', 'tru_')}`);
  const again = await approve(hub, 'alice', phone);
  await trust(hub, again.id);
  await hub.call('DELETE', `/v1/device/trusted-browsers/${again.id.replace('ver_', 'tru_')}`, { token: phone.token() });

  const { id, code } = await startSms(hub, 'alice');
  clock.shift(31_000);
  await hub.call('POST', `/v1/verifications/${id}/resend`, { body: { step: 'sms' } });
  await hub.call('POST', `/v1/verifications/${id}/code`, { body: { code } });
  const { id: unwanted } = await startVerification(hub, 'alice');
  await hub.call('POST', `/v1/verifications/${unwanted}/cancel`);
  await ownDevice(hub, phone);
  await webhooks(hub);
  const { deviceId } = await enrollPhone(hub, 'alice');
  await hub.call('DELETE', `/v1/users/alice/devices/${deviceId}`);
  await hub.call('DELETE', '/v1/users/alice');
}

const webhookSecret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

/** The receiver has refused everything so far. */
async function webhooks(hub: CheckedHub): Promise<void> {
  await hub.call('GET', '/v1/webhooks/keys');
  for (;;) {
    const { body } = await hub.call('GET', '/v1/webhooks/dead-letters?limit=1');
    const [letter] = body['deadLetters'] as { id: string }[];
    if (letter === undefined) continue;
    await hub.call('POST', `/v1/webhooks/dead-letters/${letter.id}/replay`);
    return;
  }
}

/** What Vonage calls, of a hub that sends through it. */
async function callBackAsVonage(openapi: OpenapiCheck): Promise<void> {
  const folder = temporaryFolder();
  await using simulator = await startVonageSimulator();
  await using hub = await startCheckedHub(vonageEnv(simulator, folder.path), {}, openapi);
  const secret = simulator.signatureSecret;
  for (const path of ['/v1/providers/vonage/status', '/v1/providers/vonage/inbound']) {
    const { authorization, body } = signCallback({ message_uuid: 'x', status: 'delivered' }, { secret });
    const headers = { authorization: String(authorization) };
    await hub.call('POST', path, { token: null, headers, body });
  }
  folder.remove();
}

const everyField = {
  details: [{ label: 'Amount', value: '120.00 EUR' }],
  context: { ip: '203.0.113.7', userAgent: 'Firefox on Linux', location: 'Utrecht, NL' },
  matching: { mode: 'enter', digits: 2 },
  steps: ['socket', 'push', 'sms'],
  lifetimeSeconds: 300,
  trustToken: 'tru_unknown',
  session: 'b7c0',
  stepUp: false,
  locale: 'en',
};

async function enrollThroughHub(hub: CheckedHub): Promise<Phone> {
  const ticket = await hub.call('POST', '/v1/users/alice/enrollments', { body: { deviceName: 'Pixel 10' } });
  const token = String(ticket.body['enrollmentToken']);
  const keys = makeKeys();
  const body = enrollmentBody(hub.origin, token, keys, { pushToken: { provider: 'simulated', token: 'one' } });
  const enrolled = await hub.call('POST', '/v1/devices', { token, body });
  return createPhone(hub, String(enrolled.body['deviceId']), keys);
}

async function trust(hub: CheckedHub, id: string): Promise<string> {
  const { body } = await hub.call('POST', `/v1/verifications/${id}/trust`, { body: { days: 3 } });
  return String(body['trustToken']);
}

async function ownDevice(hub: CheckedHub, phone: Phone): Promise<void> {
  const call = (method: string, path: string, body?: unknown) =>
    hub.call(method, path, { token: phone.token(), ...(body === undefined ? {} : { body }) });
  await call('PUT', '/v1/device/push-token', { provider: 'simulated', token: 'two' });
  await call('GET', '/v1/device/preferences');
  await call('PUT', '/v1/device/preferences', { delivery: 'push_and_sms' });
  await call('DELETE', '/v1/device');
}
