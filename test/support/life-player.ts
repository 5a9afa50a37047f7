// Plays a drawn life through the use cases on one store, and keeps what everybody was told.
import { change } from '../../server/app/change.ts';
import type { Caller } from '../../server/app/context.ts';
import type { Created, CreateRequest } from '../../server/app/create-verification.ts';
import { readReach } from '../../server/app/reach.ts';
import type { ChannelResult } from '../../server/core/events.ts';
import type { Verification } from '../../server/core/verification.ts';
import { StoreUnavailableError } from '../../server/ports/store.ts';
import { bankWebhook, createTestApp, type TestApp } from './app.ts';
import { enrollPhone, type AppPhone } from './app-phone.ts';
import { createFailingStore, type FailingStore } from './failing-store.ts';
import type { Asked, DrawnLife, Move, Persona, Turn, Wait } from './life-moves.ts';
import { told, type Refusal } from './refusals.ts';

export interface Person {
  userId: string;
  phones: AppPhone[];
  /** The newest one that was told. */
  trustToken?: string;
}

export interface World {
  app: TestApp;
  failing: FailingStore;
  persons: Map<string, Person>;
  /** What the providers were given in this turn. */
  sent: Observed['sent'];
  /** What hints said before the store did (S17). */
  early: string[];
}

/** What came of one move. `unknown`: the store failed, and it may have happened or not. */
export type Outcome =
  | { kind: 'ok'; verification?: Verification; created?: Created }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'unknown' };

export interface Observed {
  turn: Turn;
  now: number;
  before: Verification;
  after: Verification;
  told: { move: Move; outcome: Outcome }[];
  /** Messages that a provider was given in this turn, and whether it took them, or may have. */
  sent: { step: 'push' | 'sms'; dedupeId: string; isTaken: boolean }[];
  /** When the store says something is next due. */
  dueAt: number | undefined;
  /** Whether the store has failed in this life: leases may be left to run out. */
  hasFailed: boolean;
}

export async function createWorld(): Promise<World> {
  const failing = createFailingStore();
  const app = await createTestApp({ wrapStore: failing.wrap, webhook: bankWebhook });
  const early: string[] = [];
  app.context.bus.subscribe((hint) => {
    if (!('verification' in hint)) return;
    const { id, rev } = hint.verification;
    void app.store.read([{ kind: 'verification', id }]).then(({ records }) => {
      if ((records[0]?.rev ?? 0) < rev) early.push(`${hint.type} ${id} ${rev}`);
    });
  });
  return { app, failing, persons: new Map(), sent: [], early };
}

/** The person of this kind, with everything they should have. */
export async function meet({ app, persons }: World, persona: Persona): Promise<Person> {
  const key = JSON.stringify(persona);
  const person = persons.get(key) ?? { userId: `person-${persons.size}`, phones: [] };
  persons.set(key, person);
  const { phones, push, phoneNumber, delivery } = persona;
  const has = await told(app.users.get(app.application.id, person.userId));
  const isKnown =
    has.ok && has.value.user.delivery === delivery && (has.value.user.phoneNumber !== undefined) === phoneNumber;
  if (!isKnown) {
    await app.users.put(app.application, person.userId, { delivery, phoneNumber: phoneNumber ? '+31612345678' : null });
  }
  const { devices } = await app.devices.list(app.application.id, person.userId);
  const isWhole = ({ device }: AppPhone) =>
    devices.some(({ id, pushToken }) => id === device.id && (!push || pushToken?.status === 'active'));
  for (const { id } of devices) {
    const isKept = person.phones.some((phone) => phone.device.id === id && isWhole(phone));
    if (!isKept) await app.devices.revoke(app.application.id, person.userId, id);
  }
  person.phones = person.phones.filter(isWhole);
  while (person.phones.length < phones)
    person.phones.push(await enrollPhone(app, person.userId, { push, online: false }));
  app.presence.online.clear();
  for (const { device } of person.phones) app.presence.online.add(device.id);
  return person;
}

/** From now on providers answer so. */
function answerWith(world: World, result: ChannelResult): void {
  world.app.outbox.respond(({ kind, message }) => {
    const isTaken = result.kind === 'accepted' || (result.kind === 'unreachable' && result.outcome === 'unknown');
    world.sent.push({ step: kind, dedupeId: message.dedupeId, isTaken });
    return result;
  });
}

export interface Life {
  person: Person;
  request: CreateRequest;
  key: string;
  created: Created;
  observed: Observed[];
}

export async function play(
  world: World,
  drawn: DrawnLife,
  key: string,
  watch: (seen: Observed) => void,
): Promise<Life> {
  const { app } = world;
  answerWith(world, { kind: 'accepted', provider: 'simulated' });
  const person = await meet(world, drawn.persona);
  const request = requestOf(drawn.asked, person);
  const created = await app.verifications.create(app.application, request, key);
  if (created.trustToken !== undefined) person.trustToken = created.trustToken;
  const life: Life = { person, request, key, created, observed: [] };
  let hasFailed = false;
  for (const turn of drawn.turns) {
    const seen = await playTurn(world, life, turn, hasFailed);
    ({ hasFailed } = seen);
    life.observed.push(seen);
    watch(seen);
  }
  return life;
}

function requestOf(
  { mode, steps, lifetimeSeconds, trusts, stepUp }: Asked,
  { userId, trustToken }: Person,
): CreateRequest {
  const trust = trusts && trustToken !== undefined ? { trustToken, stepUp } : {};
  return { userId, action: 'Sign in', matching: { mode }, steps, lifetimeSeconds, ...trust };
}

export async function stored({ app }: World, id: string): Promise<Verification> {
  const { records } = await app.store.read([{ kind: 'verification', id }]);
  const [verification] = records;
  if (verification === undefined) throw new Error(`${id} is gone`);
  return verification;
}

async function playTurn(world: World, life: Life, turn: Turn, hadFailed: boolean): Promise<Observed> {
  const { app, failing } = world;
  const { id } = life.created.verification;
  const before = await stored(world, id);
  app.clock.advance(Math.max(0, waitMs(turn.wait, before, app.clock.now())));
  world.sent = [];
  if (turn.storeFails !== undefined) failing.failAt(turn.storeFails.commit, turn.storeFails.when, ['commit']);
  const outcomes = await Promise.all(
    turn.moves.map(async (move) => ({ move, outcome: await outcomeOf(make(world, life, move)) })),
  );
  const hasFailed = failing.heal() || hadFailed;
  const after = await stored(world, id);
  const { dueAt } = await app.store.nextWake();
  return { turn, now: app.clock.now(), before, after, told: outcomes, sent: world.sent, dueAt, hasFailed };
}

function waitMs(wait: Wait, verification: Verification, now: number): number {
  if (typeof wait === 'number') return wait;
  const { expiresAt, resendAvailableAt } = verification;
  const due = verification.status === 'pending' ? verification.dueAt : now;
  const moment = { due, deadline: expiresAt, resend: resendAvailableAt }[wait.to];
  return moment + wait.beside - now;
}

async function outcomeOf(call: Promise<Outcome>): Promise<Outcome> {
  try {
    const outcome = await told(call);
    return outcome.ok ? outcome.value : { kind: 'refused', refusal: outcome.refusal };
  } catch (error) {
    if (error instanceof StoreUnavailableError) return { kind: 'unknown' };
    throw error;
  }
}

const done: Outcome = { kind: 'ok' };

/** Three different numbers, none of them right. */
export function wrongNumber({ matching }: Verification, which: number): string {
  const length = matching.number?.length ?? 2;
  const candidates = ['1', '2', '3', '4']
    .map((digit) => digit.repeat(length))
    .filter((number) => number !== matching.number);
  return candidates[which - 1] ?? '';
}

async function make(world: World, life: Life, move: Move): Promise<Outcome> {
  const { app } = world;
  const { verification } = life.created;
  const { id } = verification;
  const owner: Caller = { kind: 'relying-party', application: app.application };
  const answered = async (call: Promise<{ verification: Verification }>): Promise<Outcome> => ({
    kind: 'ok',
    verification: (await call).verification,
  });
  switch (move.kind) {
    case 'cancel':
      return answered(
        app.verifications.cancel(move.by === 'browser' ? { kind: 'browser', verificationId: id } : owner, id),
      );
    case 'code': {
      const right = app.context.secrets.smsCode(id, verification.codeSalt);
      const wrong = right === '000000' ? '000001' : '000000';
      return answered(app.verifications.submitCode(owner, id, move.isRight ? right : wrong));
    }
    case 'resend':
      return answered(app.verifications.resend(owner, id, move.step));
    case 'read':
      return answered(app.verifications.get(owner, id));
    case 'replay':
      return { kind: 'ok', created: await app.verifications.create(app.application, life.request, life.key) };
    case 'work':
      for (const name of move.workers) await app.workers[name].runOnce();
      return done;
    case 'provider':
      answerWith(world, move.result);
      return done;
    case 'number':
      await app.users.put(app.application, life.person.userId, { phoneNumber: move.has ? '+31612345678' : null });
      return done;
    case 'receipt':
      await change(app.context, id, async (current) => ({
        type: 'receipt',
        step: 'sms',
        outcome: move.outcome,
        provider: 'simulated',
        reach: await readReach(app.context, current),
        ...(move.round === undefined ? {} : { round: move.round }),
      }));
      return done;
    case 'presence':
      app.presence.online.clear();
      for (const which of move.online) addOnline(app, life.person.phones[which]);
      return done;
    default:
      return makeByPhone(world, life, move);
  }
}

function addOnline(app: TestApp, phone: AppPhone | undefined): void {
  if (phone !== undefined) app.presence.online.add(phone.device.id);
}

async function makeByPhone(
  { app }: World,
  life: Life,
  move: Extract<Move, { kind: 'acknowledge' | 'decide' | 'revoke' }>,
): Promise<Outcome> {
  const phone = life.person.phones[move.phone];
  if (phone === undefined) return done;
  const { verification } = life.created;
  if (move.kind === 'revoke') {
    await app.devices.revoke(app.application.id, life.person.userId, phone.device.id);
    return done;
  }
  if (move.kind === 'acknowledge') {
    await app.verifications.acknowledge(phone.device, verification.id, move.via);
    return done;
  }
  const { decision, number, challenge } = move;
  const right = number === 'right' ? verification.matching.number : undefined;
  const shown = typeof number === 'number' ? wrongNumber(verification, number) : right;
  const prompt = challenge === 'right' ? verification : { id: verification.id, challenge: 'another' };
  const jws = phone.sign(prompt, decision, decision === 'approve' ? shown : undefined);
  const snapshot = await app.verifications.decide(phone.device, jws);
  return { kind: 'ok', verification: snapshot.verification };
}
