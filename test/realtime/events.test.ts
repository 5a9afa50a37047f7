// Whatever a client sends is answered, or cut off, and never ends the process (security.md T4, T6; reliability.md F31).
import { expect } from 'chai';
import type { Socket } from 'socket.io-client';
import type { Problem } from '../../client-sdk/protocol.ts';
import { ask, connected, type Answer } from './support/clients.ts';
import { openWorld, type World } from './support/harness.ts';
import { makePending } from './support/records.ts';

const deep = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as unknown;
/** For each field: what it is not. */
const notText: readonly unknown[] = [
  null,
  5,
  true,
  [],
  {},
  ['aaa.bbb.ccc'],
  { toString: 'x' },
  Buffer.from('aaa.bbb.ccc'),
  deep,
];
/** Bidi override, NUL, lone surrogate, full-width digits, zero-width, combining, emoji. */
const tricks = [
  '\u202E123456',
  '\u0000',
  '\uD800',
  '１２３４５６',
  '12\u200B3456',
  'e\u0301'.repeat(3),
  '👩‍👩‍👧‍👦',
  '\n123456',
  '123456\r\n',
];
const notPayloads: readonly unknown[] = [null, 'text', 5, true, [], [{ code: '123456' }]];

interface Case {
  namespace: '/device' | '/browser';
  event: string;
  field: string;
  values: readonly unknown[];
  isOptional?: boolean;
}

const cases: Case[] = [
  {
    namespace: '/device',
    event: 'decide',
    field: 'decision',
    values: [
      ...notText,
      ...tricks,
      '',
      'a',
      'a.b',
      'a.b.c.d.e.f',
      ' aaa.bbb.ccc',
      'aaa.b=b.ccc',
      `${'a'.repeat(8_200)}.b.c`,
    ],
  },
  {
    namespace: '/browser',
    event: 'code',
    field: 'code',
    values: [
      ...notText,
      ...tricks,
      '',
      '12345',
      '1234567',
      'abcdef',
      '-12345',
      '1e5',
      '0x1234',
      `123456${' '.repeat(100)}`,
    ],
  },
  {
    namespace: '/browser',
    event: 'resend',
    field: 'step',
    values: [...notText, ...tricks, '', 'SMS', 'sms ', 'email', '__proto__', 'constructor'],
    isOptional: true,
  },
];

describe('events', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ limits: { eventsPerMinute: 1_000, packetsPerMinute: 10_000 } });
    world.verifications.set('ver_1', makePending('ver_1', Date.now()));
  });
  afterEach(() => world.close());

  const open = (namespace: string): Promise<Socket> =>
    connected(world.clients.open(namespace, namespace === '/device' ? 'dev_1' : 'waiter:ver_1'));

  const refused = (answer: Answer, code: string, what: unknown): Problem => {
    expect(answer.ok, JSON.stringify(what)).to.equal(false);
    expect(answer.problem, JSON.stringify(what)).to.include({ code });
    expect(answer.problem?.requestId).to.be.a('string');
    return answer.problem!;
  };

  for (const { namespace, event, field, values, isOptional } of cases) {
    describe(`${namespace} ${event}`, () => {
      it(`names ${field} when it is not acceptable, and asks no use case`, async () => {
        const socket = await open(namespace);
        for (const value of values) {
          const problem = refused(await ask(socket, event, { [field]: value }), 'invalid', value);
          expect(problem.errors?.[0]?.pointer, JSON.stringify(value)).to.equal(`/${field}`);
        }
        expect(world.decided).to.deep.equal([]);
        expect(world.log.filter(({ level }) => level === 'error')).to.deep.equal([]);
      });

      it(`${isOptional ? 'does not need' : 'needs'} ${field}`, async () => {
        const answer = await ask(await open(namespace), event, {});
        if (isOptional) expect(answer.ok).to.equal(true);
        else
          expect(refused(answer, 'invalid', {}).errors).to.deep.equal([
            { pointer: `/${field}`, detail: 'is required' },
          ]);
      });

      it('takes no other field', async () => {
        const socket = await open(namespace);
        const good = { decision: 'aaa.bbb.ccc', code: '123456', step: 'sms' }[field];
        for (const other of ['status', 'id', 'constructor', '\u202Eevil', 'x'.repeat(500)]) {
          const problem = refused(await ask(socket, event, { [field]: good, [other]: 1 }), 'invalid', other);
          expect(JSON.stringify(problem)).not.to.include('\u202E');
        }
        const polluted = JSON.parse(`{"${field}":"${good}","__proto__":{"ok":true}}`) as object;
        refused(await ask(socket, event, polluted), 'invalid', '__proto__');
      });

      it('needs an object, and one only', async () => {
        const socket = await open(namespace);
        for (const payload of notPayloads) refused(await ask(socket, event, payload), 'malformed', payload);
        refused(await ask(socket, event, Buffer.from('{}')), 'invalid', 'bytes');
        refused(await ask(socket, event), 'malformed', 'nothing');
        refused(await ask(socket, event, { [field]: 'a' }, { [field]: 'b' }), 'malformed', 'two');
      });
    });
  }

  for (const [namespace, event] of [
    ['/device', 'prompts'],
    ['/browser', 'cancel'],
  ] as const) {
    it(`${namespace} ${event} takes nothing, null or {}, as client libraries differ, and no more`, async () => {
      const socket = await open(namespace);
      for (const nothing of [[], [null], [{}]]) expect((await ask(socket, event, ...nothing)).ok).to.equal(true);
      for (const something of ['text', 5, []]) refused(await ask(socket, event, something), 'malformed', something);
      refused(await ask(socket, event, { id: 'ver_2' }), 'invalid', 'a field');
      refused(await ask(socket, event, {}, {}), 'malformed', 'two');
    });
  }

  it('are refused by name when unknown, those of the other namespace included', async () => {
    const device = await open('/device');
    const browser = await open('/browser');
    for (const event of [
      'code',
      'resend',
      'cancel',
      'prompt',
      'verification',
      'toString',
      '__proto__',
      'constructor',
      '',
      'é'.repeat(500),
    ]) {
      refused(await ask(device, event, { code: '123456' }), 'not-found', event);
    }
    for (const event of ['decide', 'prompts', 'prompt', 'closed']) {
      refused(await ask(browser, event, { decision: 'aaa.bbb.ccc' }), 'not-found', event);
    }
    refused((await device.emitWithAck(5 as never, {})) as Answer, 'not-found', 5);
    expect(world.decided).to.deep.equal([]);
  });

  it('need no acknowledgement', async () => {
    const socket = await open('/device');
    socket.emit('decide', { decision: 'aaa.bbb.ccc' });
    socket.emit('decide', { decision: 5 });
    socket.emit('nonsense');
    socket.emit('error', new Error('mine'));
    expect((await ask(socket, 'prompts')).ok).to.equal(true);
    expect(world.decided).to.deep.equal(['aaa.bbb.ccc']);
  });

  it('that fail inside say `internal` to the client, and why to the log only', async () => {
    world.use.decide = async () => {
      throw new TypeError('the database password is hunter2');
    };
    const socket = await open('/device');
    const problem = refused(await ask(socket, 'decide', { decision: 'aaa.bbb.ccc' }), 'internal', 'bug');
    expect(JSON.stringify(problem)).not.to.include('hunter2');
    const [line] = world.log.filter(({ level }) => level === 'error');
    expect(line?.fields).to.include({ requestId: problem.requestId, event: 'decide', namespace: '/device' });
    expect((await ask(socket, 'prompts')).ok).to.equal(true);
  });

  it('that throw what is no error are answered, too', async () => {
    world.use.decide = () => {
      const { promise, reject } = Promise.withResolvers<never>();
      reject(undefined);
      return promise;
    };
    refused(await ask(await open('/device'), 'decide', { decision: 'aaa.bbb.ccc' }), 'internal', undefined);
  });
});
