// A whole hub that sends through Vonage: the person whose phone is offline signs in by SMS, whatever Vonage does (reliability.md F22, F23).
import { expect } from 'chai';
import { join } from 'node:path';
import type { VerificationView } from '../../client-sdk/protocol.ts';
import { createLogger } from '../../server/telemetry/logger.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { enrollPhone } from '../support/phone.ts';
import { approve, startVerification, verificationOf } from '../support/rest-scenes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { vonage, type VonageRequest, type VonageScript } from '../support/vonage-answers.ts';
import { startVonageSimulator, vonageEnv, type VonageSimulator } from '../support/vonage-simulator.ts';

interface TimelineLine {
  type: string;
  step?: string;
  status?: string;
  reason?: string;
  provider?: string;
  providerId?: string;
  latencyMs?: number;
}

describe('signing in by SMS through Vonage', () => {
  const folder = temporaryFolder();
  const written: string[] = [];
  const numbers: string[] = [];
  let simulator: VonageSimulator;
  let hub: TestHub;
  before(async () => {
    simulator = await startVonageSimulator();
  });
  // A hub for each: what Vonage does in one test must not have opened the breaker of the next.
  beforeEach(async () => {
    simulator.respond(undefined);
    const env = { ...vonageEnv(simulator, folder.path), VERIHUB_PUSH: 'none' };
    const destination = { write: (line: string) => void written.push(line) };
    hub = await startTestHub(env, { logger: createLogger({ level: 'debug', destination }) });
  });
  afterEach(async () => {
    const { body } = await hub.call('GET', '/metrics', { token: null });
    const ids = new Set(simulator.requests.map(({ message }) => message.client_ref?.split('.')[0] ?? ''));
    written.push(
      String(body['text']),
      ...(await Promise.all([...ids].map(timelineOf))).map((lines) => JSON.stringify(lines)),
    );
    await hub.close();
  });
  after(async () => {
    await simulator[Symbol.asyncDispose]();
    folder.remove();
  });

  /** A person with a phone that is offline: only SMS reaches them. */
  async function person(prefix = '+3161234') {
    const number = `${prefix}${5000 + numbers.length}`;
    const user = `user-${numbers.push(number)}`;
    await hub.call('PUT', `/v1/users/${user}`, { body: { phoneNumber: number, locale: 'en' } });
    await enrollPhone(hub, user);
    return { user, number };
  }

  /** A verification of theirs, and a way to wait for its first SMS. */
  async function begin(script?: VonageScript, prefix?: string) {
    const { user, number } = await person(prefix);
    simulator.respond(script);
    const before = simulator.requests.length;
    const { id } = await startVerification(hub, user);
    const mine = (): VonageRequest[] =>
      simulator.requests.slice(before).filter(({ message }) => message.client_ref?.startsWith(id));
    return { id, number, requests: mine, request: await simulator.arrived(before + 1) };
  }

  /** Resolves once the verification is as wanted. */
  async function until(id: string, wanted: (verification: VerificationView) => boolean): Promise<VerificationView> {
    for (let rev = 0; ;) {
      const verification = verificationOf(await hub.call('GET', `/v1/verifications/${id}?wait=5&rev=${rev}`));
      if (wanted(verification)) return verification;
      if (verification.status !== 'pending') throw new Error(`it ended as ${verification.status}`);
      rev = verification.rev;
    }
  }
  const smsOf = ({ delivery }: VerificationView) => delivery.find(({ step }) => step === 'sms');
  const codeIn = ({ message }: VonageRequest) => /#(\d{6})$/.exec(message.text ?? '')?.[1];
  const timelineOf = async (id: string) =>
    (await hub.call('GET', `/v1/verifications/${id}/timeline`)).body['timeline'] as TimelineLine[];
  const type = (id: string, code: string | undefined) =>
    hub.call('POST', `/v1/verifications/${id}/code`, { body: { code } });

  it('works from the first second to the evidence', async () => {
    const { id, number, request } = await begin();
    const { message, messageId } = request;
    expect(message).to.include({
      channel: 'sms',
      to: number.slice(1),
      from: 'Verihub',
      client_ref: `${id}.sms.1.phone`,
    });
    expect(message.ttl).to.be.within(290, 300);
    expect(message.text).to.match(
      /^\d{6} We could not reach your app\. Your code for Example Bank\. Never share it\.\n\n@localhost #\d{6}$/,
    );
    await until(id, (verification) => smsOf(verification)?.status === 'accepted');

    const receipt = { message_uuid: messageId, client_ref: message.client_ref, status: 'delivered' };
    expect((await simulator.callBack(hub.localUrl, receipt)).status).to.equal(200);
    await until(id, (verification) => smsOf(verification)?.status === 'delivered');

    const approved = verificationOf(await type(id, codeIn(request)));
    expect(approved.status).to.equal('approved');
    expect(approved.decision).to.include({ method: 'sms-code', outcome: 'approved' });
    const lines = await timelineOf(id);
    const attempt = lines.find((line) => line.type === 'attempt');
    expect(attempt).to.include({ step: 'sms', status: 'accepted', provider: 'vonage', providerId: messageId });
    expect(attempt?.latencyMs).to.be.a('number');
    expect(lines.find((line) => line.type === 'receipt')).to.include({ status: 'delivered', providerId: messageId });
  });

  it("comes from the country's own sender", async () => {
    const { request } = await begin(undefined, '+1202555');
    expect(request.message.from).to.equal('14155550100');
  });

  const doubtful: [what: string, script: VonageScript][] = [
    ['resets the connection', vonage.reset],
    ['breaks off in its answer', vonage.cut],
    ['answers 200 with malformed JSON', vonage.body(200, 'application/json', '{"message')],
    ['answers 200 with HTML', vonage.body(200, 'text/html', '<h1>Welcome</h1>')],
    ['answers 200 with nothing', vonage.body(200, 'application/json', '')],
    ['answers 200 with 10 MB', vonage.huge(200)],
    ['is lost behind a proxy', vonage.body(502, 'text/html', 'Bad gateway')],
  ];
  for (const [what, script] of doubtful) {
    it(`F22: sends one SMS and no other when Vonage ${what}, and its code is good`, async () => {
      const { id, request, requests } = await begin(script);
      const doubted = await until(id, (verification) => smsOf(verification)?.attempts === 1);
      expect(smsOf(doubted)).to.include({ status: 'pending', reason: 'provider-timeout' });
      expect(doubted.code.acceptable).to.equal(true);
      simulator.respond(undefined);
      const receipt = { message_uuid: request.messageId, client_ref: request.message.client_ref, status: 'delivered' };
      await simulator.callBack(hub.localUrl, receipt);
      await until(id, (verification) => smsOf(verification)?.status === 'delivered');
      expect(verificationOf(await type(id, codeIn(request))).status).to.equal('approved');
      expect(requests()).to.have.length(1);
    });
  }

  it('F23: cuts off a Vonage that never answers, holds up nobody else meanwhile, and sends no second SMS', async function () {
    this.timeout(15_000);
    const { id, requests, request } = await begin(vonage.hang);
    const started = performance.now();
    await approve(hub, 'somebody-else');
    expect(performance.now() - started).to.be.below(2_000);
    const doubted = await until(id, (verification) => smsOf(verification)?.attempts === 1);
    expect(performance.now() - started).to.be.below(6_000);
    expect(smsOf(doubted)).to.include({ status: 'pending', reason: 'provider-timeout' });
    await simulator.idle();
    expect(requests()).to.have.length(1);
    expect(verificationOf(await type(id, codeIn(request))).status).to.equal('approved');
  });

  it('F22: tries again what Vonage did not take, with the same code under the same reference', async () => {
    let answered = 0;
    const { id, requests } = await begin((response, request) => {
      answered += 1;
      const script = [vonage.problem(500, 'server-error'), vonage.redirect('/elsewhere'), vonage.accepted][
        answered - 1
      ];
      script?.(response, request);
    });
    const sent = await until(id, (verification) => smsOf(verification)?.status === 'accepted');
    expect(smsOf(sent)?.attempts).to.equal(3);
    const [first, ...others] = requests();
    expect(others).to.have.length(2);
    for (const { message } of others) {
      expect([message.client_ref, message.text]).to.deep.equal([first?.message.client_ref, first?.message.text]);
    }
  });

  it('F22: waits as long as Vonage asks', async () => {
    const times: number[] = [];
    const { id } = await begin((response, request) => {
      times.push(performance.now());
      const isFirst = times.length === 1;
      (isFirst ? vonage.problem(429, 'throttled', { 'retry-after': '1' }) : vonage.accepted)(response, request);
    });
    await until(id, (verification) => smsOf(verification)?.status === 'accepted');
    const [first = 0, second = 0] = times;
    expect(second - first).to.be.within(995, 3_000);
  });

  const final: [what: string, script: VonageScript, reason: string, said: string][] = [
    ['knows no such number', vonage.problem(422, 1430), 'recipient-gone', 'invalid-number'],
    ['says that the person wants none', vonage.problem(422, 1240), 'opted-out', 'opted-out'],
    ['refuses the sender', vonage.problem(422, 1120), 'provider-error', 'sender-refused'],
    ['refuses our key', vonage.problem(401, 'unauthorized'), 'provider-error', 'credentials-refused'],
    ['has barred the account', vonage.problem(403, 1060), 'provider-error', 'account-barred'],
  ];
  for (const [what, script, reason, said] of final) {
    it(`gives up at once when Vonage ${what}`, async () => {
      const { id, requests } = await begin(script);
      const failed = await until(id, (verification) => smsOf(verification)?.status === 'failed');
      expect(smsOf(failed)).to.include({ reason, attempts: 1 });
      expect((await timelineOf(id)).find((line) => line.type === 'attempt')).to.include({ reason: said });
      expect(requests()).to.have.length(1);
    });
  }

  it('does not begin where SMS may not go', async () => {
    const seen = simulator.requests.length;
    await hub.call('PUT', '/v1/users/paris', { body: { phoneNumber: '+33612345678' } });
    await enrollPhone(hub, 'paris');
    const { verification } = await startVerification(hub, 'paris');
    expect(smsOf(verification)).to.include({ status: 'skipped', reason: 'country-not-allowed' });
    expect(simulator.requests).to.have.length(seen);
  });

  it('leaves no number, code, token or key in logs, metrics and timelines', async () => {
    const told = written.join('\n');
    expect(written).to.have.length.above(20);
    expect(told).to.include('"type":"attempt"').and.include('verihub_delivery_attempts_total');
    const codes = simulator.requests.map(codeIn);
    expect(codes).to.have.length.above(15);
    for (const number of numbers) expect(told).not.to.include(number.slice(1));
    for (const code of codes) expect(told).not.to.match(new RegExp(`\\b${code}\\b`));
    for (const { headers } of simulator.requests) expect(told).not.to.include(String(headers.authorization).slice(7));
    expect(told).not.to.match(/BEGIN|eyJ|a-signature-secret/);
  });

  it('does not start without its key', async () => {
    const privateKey = join(folder.path, 'nowhere.pem');
    const env = { ...vonageEnv(simulator, folder.path), VERIHUB_VONAGE_PRIVATE_KEY: privateKey };
    const fault = await startTestHub(env).then(
      () => 'it started',
      (error: unknown) => String(error),
    );
    expect(fault).to.include('VERIHUB_VONAGE_PRIVATE_KEY').and.include('ENOENT');
  });
});
