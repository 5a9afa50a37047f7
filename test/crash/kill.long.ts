// `kill -9` at random moments under load: nothing acknowledged is lost, nothing is stuck, everything ends in time.
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '../../server/store/sqlite/sqlite-store.ts';
import { createSystemClock } from '../../server/telemetry/clock.ts';
import { call, type Reply } from '../support/hub.ts';
import { createHubProcess, type HubProcess } from '../support/hub-process.ts';
import { realTime } from '../support/real-time.ts';
import { enrollPhone, type Phone } from '../support/phone.ts';

const kills = 50;
const people = 8;
const lifetimeSeconds = 30;
const lateMs = 3_000;

/** What the relying party and the phones were told, and must find again. */
interface Told {
  created: Map<string, { id: string; expiresAt: number }>;
  ended: Map<string, string>;
  /** When no hub was there: what fell due then is done once it is back (L1). */
  away: { from: number; to: number }[];
  /** Answers to a repeated create that named another verification than the first. */
  twins: string[];
}

/** Mulberry32: small, seeded, good enough to pick moments. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Repeats a call until the hub gives a definite answer: a lost reply says nothing about what happened. */
async function untilAnswered(send: () => Promise<Reply>): Promise<Reply> {
  for (;;) {
    try {
      const reply = await send();
      if (reply.status < 500) return reply;
    } catch {
      // The hub is away; so is whatever it had begun to answer.
    }
    await realTime(20);
  }
}

async function signIn(hub: HubProcess, phone: Phone, userId: string, told: Told, random: () => number): Promise<void> {
  const key = randomUUID();
  const body = { userId, action: 'Sign in', lifetimeSeconds, matching: { mode: 'none' } };
  const create = (): Promise<Reply> =>
    call(hub.localUrl, 'POST', '/v1/verifications', { body, headers: { 'idempotency-key': key } });
  const created = await untilAnswered(create);
  expect(created.status, JSON.stringify(created.body)).to.equal(201);
  const { id, expiresAt } = created.body['verification'] as { id: string; expiresAt: string };
  told.created.set(key, { id, expiresAt: Date.parse(expiresAt) });
  if (random() < 0.1) {
    const again = await untilAnswered(create);
    if ((again.body['verification'] as { id: string }).id !== id) told.twins.push(key);
  }
  const choice = random();
  if (choice < 0.3) return;
  const reply =
    choice < 0.4
      ? await untilAnswered(() => call(hub.localUrl, 'POST', `/v1/verifications/${id}/cancel`, { body: {} }))
      : await answer(phone, id, choice < 0.8 ? 'approve' : 'deny');
  const status =
    reply.status === 200
      ? (reply.body['status'] ?? (reply.body['verification'] as { status: string } | undefined)?.status)
      : reply.body['verificationStatus'];
  if (typeof status === 'string' && status !== 'pending') told.ended.set(id, status);
}

async function answer(phone: Phone, id: string, decision: string): Promise<Reply> {
  const acknowledged = await untilAnswered(() => phone.call('POST', `/v1/device/prompts/${id}/acknowledge`, {}));
  if (acknowledged.status !== 200) return acknowledged;
  const prompt = acknowledged.body['prompt'] as { id: string; challenge: string };
  const signed = phone.decision(prompt, decision);
  return untilAnswered(() => phone.call('POST', `/v1/device/prompts/${id}/decision`, { decision: signed }));
}

describe(`kill -9, ${kills} times under load`, () => {
  it('loses no acknowledged write, leaves nothing stuck, and ends everything by its deadline + 3 s', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`      SEED=${seed}`);
    const random = seeded(seed);
    const folder = await mkdtemp(join(tmpdir(), 'verihub-kill-'));
    const file = join(folder, 'hub.db');
    const hub = await createHubProcess(file);
    const told: Told = { created: new Map(), ended: new Map(), away: [], twins: [] };
    try {
      await hub.start();
      const phones = await Promise.all(Array.from({ length: people }, (_, n) => preparePerson(hub, `person-${n}`)));
      const load = { isOver: false };
      const loops = phones.flatMap((phone, n) =>
        [0, 1].map(async () => {
          while (!load.isOver) await signIn(hub, phone, `person-${n}`, told, random);
        }),
      );
      for (let kill = 0; kill < kills; kill += 1) {
        await realTime(100 + random() * 700);
        const from = Date.now();
        await hub.kill();
        await hub.start();
        told.away.push({ from, to: Date.now() });
      }
      load.isOver = true;
      await Promise.all(loops);
      const last = Math.max(...[...told.created.values()].map(({ expiresAt }) => expiresAt));
      await realTime(Math.max(0, last + lateMs - Date.now()));
      expect(await hub.stop(), 'a clean exit').to.equal(0);
      await check(file, told);
    } finally {
      await hub.kill();
      await rm(folder, { recursive: true });
    }
  });
});

async function preparePerson(hub: HubProcess, userId: string): Promise<Phone> {
  await call(hub.localUrl, 'PUT', `/v1/users/${userId}`, { body: { phoneNumber: '+31612345678' } });
  return enrollPhone(hub, userId);
}

/** Milliseconds within this time in which no hub was there. */
function awayWithin({ away }: Told, start: number, end: number): number {
  return away.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, end) - Math.max(from, start)), 0);
}

/** Reads the file itself: a question asked of the hub would make it look. */
async function check(file: string, told: Told): Promise<void> {
  const store = createSqliteStore({ file, clock: createSystemClock() });
  try {
    let late = 0;
    for (const { id, expiresAt } of told.created.values()) {
      const { records } = await store.read([{ kind: 'verification', id }]);
      const [verification] = records;
      if (verification === undefined) throw new Error(`${id} was acknowledged and is lost`);
      if (verification.status === 'pending') throw new Error(`${id} is stuck`);
      late = Math.max(late, verification.endedAt - expiresAt - awayWithin(told, expiresAt, verification.endedAt));
      const known = told.ended.get(id);
      if (known !== undefined) expect(verification.status, `${id} was told ${known}`).to.equal(known);
      const { entries } = await store.timeline(id);
      expect(
        entries.filter((entry) => entry.type === 'ended'),
        'S2: ends once',
      ).to.have.length(1);
    }
    expect(told.twins, 'S7: created twice').to.deep.equal([]);
    expect(late, 'latest end after a deadline, ms, without the time the hub was away').to.be.at.most(lateMs);
    console.log(
      `      ${told.created.size} verifications, ${told.ended.size} told an end, latest end ${late} ms after its deadline`,
    );
  } finally {
    await store.close();
  }
}
