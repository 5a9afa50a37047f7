// SMS by Vonage's own client library against its simulator: what goes out, and the one fate of every message.
import { expect } from 'chai';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createPhoneNumbers } from '../../server/channels/phone-numbers.ts';
import { createVonageChannel, type VonageOptions } from '../../server/channels/vonage.ts';
import type { SmsMessage } from '../../server/ports/channel.ts';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { createRecordingLogger } from '../support/recorders.ts';
import { selfSigned } from '../support/self-signed.ts';
import { settle } from '../support/settle.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { vonage, type VonageScript } from '../support/vonage-answers.ts';
import { startVonageSimulator, type VonageSimulator } from '../support/vonage-simulator.ts';

const now = Date.UTC(2026, 9, 21, 7, 28, 0);
const never = new AbortController().signal;
const sms: SmsMessage = {
  dedupeId: `ver_${'0'.repeat(34)}.sms.1.phone`,
  verificationId: `ver_${'0'.repeat(34)}`,
  to: '+31612345678',
  text: '012345 Ihr Code für Bänk.\n\n@bank.test #012345',
  ttlMs: 89_400,
};
const unknown = (reason: string) => ({ kind: 'unreachable', outcome: 'unknown', reason });
const notSent = (reason: string) => ({ kind: 'unreachable', outcome: 'not-sent', reason });

describe('an SMS by Vonage', () => {
  const folder = temporaryFolder();
  let simulator: VonageSimulator;
  before(async () => {
    simulator = await startVonageSimulator();
  });
  beforeEach(() => simulator.respond(undefined));
  after(async () => {
    await simulator[Symbol.asyncDispose]();
    folder.remove();
  });

  function setUp(options: Partial<VonageOptions> = {}, clock: FakeClock = createFakeClock(now)) {
    const privateKey = join(folder.path, 'key.pem');
    writeFileSync(privateKey, simulator.privateKey);
    const { logger, lines } = createRecordingLogger();
    const { applicationId, origin: endpoint } = simulator;
    const common = {
      applicationId,
      privateKey,
      endpoint,
      from: 'Verihub',
      phoneNumbers: createPhoneNumbers(),
      clock,
      logger,
    };
    const channel = createVonageChannel({ ...common, ...options });
    return { channel, clock, lines, [Symbol.dispose]: () => channel.close() };
  }

  it('goes out as Vonage wants it, signed by the application', async () => {
    using hub = setUp();
    const seen = simulator.requests.length;
    const result = await hub.channel.send(sms, never);
    const [request] = simulator.requests.slice(seen);
    expect(result).to.deep.equal({ kind: 'accepted', provider: 'vonage', providerId: request?.messageId });
    expect(request?.path).to.equal('/v1/messages');
    expect(request?.claims).to.include({ application_id: simulator.applicationId });
    expect(request?.message).to.deep.equal({
      channel: 'sms',
      message_type: 'text',
      to: '31612345678',
      from: 'Verihub',
      text: sms.text,
      client_ref: sms.dedupeId,
      ttl: 90,
    });
    expect(sms.dedupeId).to.have.length.below(100);
  });

  it('lives as long as the verification, within what Vonage takes', async () => {
    using hub = setUp();
    const seen = simulator.requests.length;
    for (const ttlMs of [1, 19_000, 600_000, 1e12]) await hub.channel.send({ ...sms, ttlMs }, never);
    expect(simulator.requests.slice(seen).map(({ message }) => message.ttl)).to.deep.equal([20, 20, 600, 259_200]);
  });

  it("comes from the country's own sender", async () => {
    using hub = setUp({ fromByCountry: { US: '+14155550100' } });
    const seen = simulator.requests.length;
    for (const to of ['+12025550123', '+31612345678']) await hub.channel.send({ ...sms, to }, never);
    expect(simulator.requests.slice(seen).map(({ message }) => message.from)).to.deep.equal(['14155550100', 'Verihub']);
  });

  const answers: [what: string, script: VonageScript, result: object][] = [
    ['202 twice', vonage.twice, { kind: 'accepted' }],
    ['429', vonage.problem(429, 1010), { kind: 'throttled', reason: 'http-429' }],
    [
      '429 with seconds',
      vonage.problem(429, 'throttled', { 'retry-after': '7' }),
      { kind: 'throttled', retryAfterMs: 7000 },
    ],
    [
      '429 with a date',
      vonage.problem(429, 'throttled', { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }),
      { kind: 'throttled', retryAfterMs: 30_000 },
    ],
    ['500', vonage.problem(500, 'server-error'), notSent('http-500')],
    ['503', vonage.body(503, 'text/plain', 'busy'), notSent('http-503')],
    ['503 with seconds', vonage.problem(503, 'x', { 'retry-after': '2' }), { kind: 'throttled', retryAfterMs: 2000 }],
    ['502 of a proxy', vonage.body(502, 'text/html', '<h1>Bad gateway</h1>'), unknown('http-502')],
    ['504 of a proxy', vonage.body(504, 'text/html', ''), unknown('http-504')],
    ['200 with malformed JSON', vonage.body(200, 'application/json', '{"message_uuid":'), unknown('malformed-reply')],
    ['200 with other JSON', vonage.body(200, 'application/json', '{"workflow_id":"w1"}'), unknown('malformed-reply')],
    ['200 with null', vonage.body(200, 'application/json', 'null'), unknown('malformed-reply')],
    ['200 with an odd id', vonage.body(200, 'application/json', '{"message_uuid":"a b"}'), unknown('malformed-reply')],
    ['200 with HTML', vonage.body(200, 'text/html', '<p>Log in</p>'), unknown('malformed-reply')],
    ['200 without a body', vonage.body(200, 'application/json', ''), unknown('malformed-reply')],
    ['204', (response) => void response.writeHead(204).end(), unknown('malformed-reply')],
    ['200 with 10 MB', vonage.huge(200), unknown('malformed-reply')],
    ['400 with 10 MB', vonage.huge(400), { kind: 'rejected', reason: 'http-400' }],
    ['a status of no class', vonage.body(799, 'text/plain', 'hello'), notSent('http-799')],
    ['a reset', vonage.reset, unknown('econnreset')],
    ['a body that is cut off', vonage.cut, unknown('malformed-reply')],
    [
      '401',
      vonage.problem(401, 'unauthorized'),
      { kind: 'rejected', reason: 'credentials-refused', configuration: true },
    ],
    ['403', vonage.problem(403, 'forbidden'), { kind: 'rejected', reason: 'permission-denied', configuration: true }],
    ['402', vonage.problem(402, 'low-balance'), { kind: 'rejected', reason: 'low-balance', configuration: true }],
    ['422 sender', vonage.problem(422, 1120), { kind: 'rejected', reason: 'sender-refused' }],
    ['422 recipient', vonage.problem(422, 1430), { kind: 'rejected', reason: 'invalid-number', recipientGone: true }],
    ['422 opted out', vonage.problem(422, 1240), { kind: 'rejected', reason: 'opted-out', skip: 'opted-out' }],
    ['422 of its own', vonage.problem(422, 9999), { kind: 'rejected', reason: 'http-422' }],
  ];
  for (const [what, script, result] of answers) {
    it(`answered ${what} is ${JSON.stringify(result)}`, async () => {
      using hub = setUp();
      simulator.respond(script);
      expect(await hub.channel.send(sms, never)).to.deep.include(result);
      await simulator.idle();
    });
  }

  it('is asked for once: no redirect is followed, and nothing is retried behind our back', async () => {
    using hub = setUp();
    const seen = simulator.requests.length;
    simulator.respond(vonage.redirect(`${simulator.origin}/v1/messages`));
    expect(await hub.channel.send(sms, never)).to.deep.equal(notSent('http-302'));
    simulator.respond(vonage.problem(500, 'server-error'));
    await hub.channel.send(sms, never);
    expect(simulator.requests).to.have.length(seen + 2);
  });

  it('does not outlive its deadline, and is then in doubt', async () => {
    for (const script of [vonage.hang, vonage.trickle]) {
      using hub = setUp({ deadlineMs: 400 });
      simulator.respond(script);
      const seen = simulator.requests.length;
      const result = hub.channel.send(sms, never);
      await simulator.arrived(seen + 1);
      hub.clock.advance(400);
      expect(await result).to.include({ kind: 'unreachable', outcome: 'unknown' });
      await simulator.idle();
      await settle();
      expect(hub.clock.timers()).to.equal(0);
    }
  });

  it('ends with the signal of its caller, and with the channel', async () => {
    for (const how of ['signal', 'close'] as const) {
      using hub = setUp();
      simulator.respond(vonage.hang);
      const seen = simulator.requests.length;
      const caller = new AbortController();
      const result = hub.channel.send(sms, caller.signal);
      await simulator.arrived(seen + 1);
      if (how === 'signal') caller.abort();
      else hub.channel.close();
      expect(await result).to.deep.equal(unknown('timeout'));
      await simulator.idle();
    }
  });

  it('does not leave when its time is already over', async () => {
    using hub = setUp();
    const seen = simulator.requests.length;
    expect(await hub.channel.send(sms, AbortSignal.abort())).to.deep.equal(notSent('timeout'));
    expect(simulator.requests).to.have.length(seen);
  });

  it('that nobody listens for was not sent', async () => {
    using hub = setUp({ endpoint: 'http://127.0.0.1:1' });
    expect(await hub.channel.send(sms, never)).to.deep.equal(notSent('econnrefused'));
  });

  it('whose name leads nowhere was not sent', async () => {
    using hub = setUp({ endpoint: 'http://vonage.invalid' });
    const result = await hub.channel.send(sms, never);
    expect(result).to.deep.include({ kind: 'unreachable', outcome: 'not-sent' });
  });

  it('was not sent when TLS stalls', async () => {
    await using stalled = await startStalled();
    using hub = setUp({ endpoint: stalled.origin, connectMs: 300 });
    const result = hub.channel.send(sms, never);
    await stalled.greeted;
    hub.clock.advance(300);
    expect(await result).to.deep.equal(notSent('timeout'));
    await stalled.gone;
  });

  it('goes over TLS to whom it trusts, and to nobody else', async () => {
    await using secure = await startVonageSimulator({ tls: true });
    using trusting = setUp({ endpoint: secure.origin, ca: selfSigned.cert });
    expect(await trusting.channel.send(sms, never)).to.include({ kind: 'accepted' });
    using wary = setUp({ endpoint: secure.origin });
    expect(await wary.channel.send(sms, never)).to.include({ kind: 'unreachable', outcome: 'not-sent' });
    expect(secure.requests).to.have.length(1);
  });

  it('refused for our key or account is told to the operator once, until it is mended', async () => {
    const faults: string[] = [];
    const onConfigurationFault = ({ reason }: { reason: string }) => void faults.push(reason);
    using hub = setUp({ onConfigurationFault });
    const sendThrough = async (script: VonageScript | undefined) => {
      simulator.respond(script);
      await hub.channel.send(sms, never);
    };
    await sendThrough(vonage.problem(401, 'unauthorized'));
    await sendThrough(vonage.problem(401, 'unauthorized'));
    await sendThrough(vonage.problem(402, 'low-balance'));
    await sendThrough(undefined);
    await sendThrough(vonage.problem(401, 'unauthorized'));
    expect(faults).to.deep.equal(['credentials-refused', 'low-balance', 'credentials-refused']);
    expect(hub.lines.map(({ level, fields }) => [level, fields['reason']])).to.deep.equal(
      faults.map((reason) => ['error', reason]),
    );
    for (const { fields } of hub.lines) expect(fields['advice']).to.be.a('string').and.not.to.equal('');
  });

  it('refused for its sender is told once for each country and day', async () => {
    using hub = setUp();
    simulator.respond(vonage.problem(422, 1120));
    for (const to of ['+31612345678', '+31612345678', '+12025550123']) await hub.channel.send({ ...sms, to }, never);
    simulator.respond(undefined);
    await hub.channel.send(sms, never);
    simulator.respond(vonage.problem(422, 1120));
    await hub.channel.send(sms, never);
    const countries = () => hub.lines.map(({ fields }) => fields['country']);
    expect(countries()).to.deep.equal(['NL', 'US']);
    hub.clock.advance(86_400_000);
    await hub.channel.send(sms, never);
    expect(countries()).to.deep.equal(['NL', 'US', 'NL']);
  });

  it('with a wrong application id is refused by the simulator as by Vonage, and nothing secret is logged', async () => {
    using hub = setUp({ applicationId: '0196c1de-0000-7000-8000-00000000dead' });
    expect(await hub.channel.send(sms, never)).to.include({ reason: 'credentials-refused', configuration: true });
    expect(hub.lines).to.have.length(1);
    expect(JSON.stringify(hub.lines)).not.to.match(/31612345678|012345|BEGIN|eyJ/);
  });

  it('leaves no timer and no connection behind', async () => {
    using hub = setUp();
    for (let n = 0; n < 3; n += 1) await hub.channel.send(sms, never);
    await simulator.idle();
    await settle();
    expect(hub.clock.timers()).to.equal(0);
  });

  describe('cannot be set up', () => {
    const keys: [what: string, content: string | undefined, says: string][] = [
      ['without its key', undefined, 'cannot be read (ENOENT)'],
      ['with something else for a key', 'hello canary', 'without an RSA private key'],
      ['with an EC key', selfSigned.key, 'without an RSA private key'],
    ];
    for (const [what, content, says] of keys) {
      it(what, () => {
        const privateKey = join(folder.path, 'other.pem');
        if (content !== undefined) writeFileSync(privateKey, content);
        expect(() => setUp({ privateKey }))
          .to.throw(says)
          .with.property('message')
          .that.includes('VERIHUB_VONAGE_PRIVATE_KEY');
      });
    }
  });
});

/** Takes connections and never says a word. */
async function startStalled() {
  const greeted = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => greeted.resolve());
    socket.once('close', () => gone.resolve());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    greeted: greeted.promise,
    gone: gone.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
