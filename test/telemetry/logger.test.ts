// The log: JSON lines in which no secret shows, whatever way it came in.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createLogger } from '../../server/telemetry/logger.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

function setUp(level: Level | 'silent' = 'debug') {
  const lines: string[] = [];
  const logger = createLogger({ level, destination: { write: (line) => void lines.push(line) } });
  return { lines, logger };
}

/** The one line that was logged, parsed. */
function logged(fields: Record<string, unknown>, message = 'message'): Record<string, unknown> {
  const { lines, logger } = setUp();
  logger.info(fields, message);
  expect(lines).to.have.length(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

const id34 = '0196c1de6f4a7b3c8d2e1f0a9b8c7d6e5f';
const secret = Buffer.alloc(32, 'canary').toString('base64url');
/** What must never be seen, with the part to look for. */
const canaries: [what: string, text: string, never: string][] = [
  ['an API key', `vh_prod1_${secret}`, secret],
  ['an enrollment token', `enr_${id34}_${secret}`, secret],
  ['a trust token', `tru_${id34}_${secret}`, secret],
  ['a token of another form', `tru_${secret}`, secret],
  ['a webhook secret', `whsec_${secret}`, secret],
  ['a JWS', `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ2ZXJfMSJ9.${secret}`, secret],
  ['a JWE', `eyJhbGciOiJFQ0RILUVTIn0..${secret}.${secret}.${secret}`, secret],
  ['a bearer header', `Authorization: Bearer ${secret}`, secret],
  ['a basic header', 'authorization: basic dXNlcjpwYXNzd29yZA==', 'dXNlcjpwYXNzd29yZA'],
  ['a phone number', '+31612345678', '6123456'],
  ['a phone number with blanks', '+31 6 1234 5678', '1234'],
  ['a phone number with brackets', '+1 (212) 555-0100', '555'],
  ['an SMS code', 'Your code is 493817.', '493817'],
  ['the last line of an SMS', 'hello\n@bank.example #493817', '493817'],
  ['a token in a query', `GET /socket.io/?EIO=4&token=${secret}&t=1`, secret],
  ['a code in a query', 'GET /verify?code=493817', '493817'],
  ['a Redis password', `redis://user:${secret}@redis.example:6379/0`, secret],
  ['a private key', `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`, secret],
  ['a private key that is cut', `-----BEGIN EC PRIVATE KEY-----\n${secret}`, secret],
];

describe('the log blanks', () => {
  for (const [what, text, never] of canaries) {
    const ways: [way: string, line: () => unknown][] = [
      ['the message', () => logged({}, `before ${text} after`)],
      ['a field', () => logged({ note: `before ${text} after` })],
      ['a nested field', () => logged({ a: { b: [{ c: text }] } })],
      ['a field name', () => logged({ [text]: 1 })],
      ['an error', () => logged({ error: new Error(`boom ${text}`, { cause: new Error(text) }) })],
      ['a property of an error', () => logged({ err: Object.assign(new Error('boom'), { response: { data: text } }) })],
      ['an aggregate', () => logged({ err: new AggregateError([new Error(text)], 'many') })],
      [
        'a map, a set and a URL',
        () =>
          logged({
            map: new Map([['a', text]]),
            set: new Set([text]),
            url: new URL(`http://h/?code=${encodeURI(text)}`),
          }),
      ],
    ];
    for (const [way, line] of ways) {
      it(`${what} in ${way}`, () => expect(JSON.stringify(line())).not.to.include(never));
    }
  }

  for (const name of [
    ...[
      'authorization',
      'Authorization',
      'cookie',
      'set-cookie',
      'token',
      'waiterToken',
      'enrollmentToken',
      'trustToken',
    ],
    ...[
      'pushToken',
      'push_token',
      'resultToken',
      'apiKey',
      'secret',
      'webhookSecret',
      'password',
      'evidence',
      'challenge',
    ],
    ...['number', 'choices', 'proof', 'jwe', 'codeSalt', 'codeKey', 'secretHash', 'tokenHash', 'jwk', 'signingKeys'],
  ]) {
    it(`the field ${name}, whatever it holds`, () => {
      for (const value of ['canary', 42_424_242, { canary: 'canary' }, ['canary']]) {
        const line = JSON.stringify(logged({ deep: [{ [name]: value }] }));
        expect(line).not.to.match(/canary|42424242/);
        expect(line).to.include('[redacted]');
      }
    });
  }

  it('codes, but not the names of problems and errors', () => {
    expect(logged({ code: '123456' })).to.include({ code: '[redacted]' });
    expect(logged({ code: 123_456 })).to.include({ code: '[redacted]' });
    expect(logged({ code: '12 34 56' })).to.include({ code: '[redacted]' });
    expect(logged({ code: 'already-decided' })).to.include({ code: 'already-decided' });
    expect(logged({ code: 'ECONNREFUSED' })).to.include({ code: 'ECONNREFUSED' });
  });

  it('phone numbers but for two digits', () => {
    expect(logged({ phoneNumber: '+31612345678' })).to.include({ phoneNumber: '+*********78' });
    expect(logged({ to: '0031612345678' })).to.include({ to: '+***********78' });
    expect(logged({ to: 'alice' })).to.include({ to: 'alice' });
  });

  it('tokens but for the id they begin with', () => {
    expect(logged({ a: `enr_${id34}_${secret}` })).to.include({ a: `enr_${id34}_[redacted]` });
    expect(logged({ a: `vh_prod1_${secret}` })).to.include({ a: 'vh_prod1_[redacted]' });
  });
});

describe('the log keeps', () => {
  it('what is no secret', () => {
    const fields = {
      verificationId: `ver_${id34}`,
      enrollmentId: `enr_${id34}`,
      trustedBrowserId: `tru_${id34}`,
      at: '2026-11-21T06:44:47.251Z',
      micros: '2026-11-21T06:44:47.251987Z',
      epoch: 1_795_243_487_251,
      latencyMs: 123_456,
      url: 'https://verify.example.com:31234/v1/verifications',
      ip: '203.0.113.7',
      uuid: '0196c1de-6f4a-7b3c-8d2e-123456789012',
      ok: true,
      none: null,
    };
    expect(logged(fields)).to.deep.include(fields);
  });

  it('name, message, stack, code and cause of an error', () => {
    const error = Object.assign(new Error('outer', { cause: new TypeError('inner') }), { code: 'EPIPE' });
    const { err } = logged({ err: error }) as { err: Record<string, unknown> };
    expect(err).to.include({ name: 'Error', message: 'outer', code: 'EPIPE' });
    expect(err['stack']).to.include('logger.test.ts');
    expect(err['cause']).to.include({ name: 'TypeError', message: 'inner' });
  });
});

describe('a log line', () => {
  it('is one line of JSON, whatever is in it', () => {
    const { lines, logger } = setUp();
    const attack = 'alice\r\n{"level":"error"}\u001b[31m\u2028\u0000"';
    logger.warn({ name: attack, [attack]: 1 }, attack);
    expect(lines).to.have.length(1);
    const [line = ''] = lines;
    expect(line.endsWith('\n')).to.equal(true);
    expect(line.slice(0, -1)).not.to.match(/\p{Cc}/u);
    expect(JSON.parse(line)).to.deep.include({ level: 'warn', name: attack, msg: attack });
  });

  it('has its time, level and message once, whatever the fields are called', () => {
    const { lines, logger } = setUp();
    logger.error({ level: 'x', time: 'y', msg: 'z', __proto__: null, hasOwnProperty: 1 }, 'real');
    expect(lines[0]?.match(/"(level|time|msg)":/g)).to.have.members(['"level":', '"time":', '"msg":']);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).to.include({ level: 'error', msg: 'real', level_: 'x', time_: 'y', msg_: 'z' });
    expect(line['time']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('does not format its message', () => {
    expect(logged({ a: 1 }, '%s %d %j 100%')).to.include({ msg: '%s %d %j 100%' });
  });

  it('is not made below the level', () => {
    const { lines, logger } = setUp('warn');
    let looked = 0;
    const fields = {
      get costly() {
        return (looked += 1);
      },
    };
    logger.debug(fields, 'a');
    logger.info(fields, 'b');
    expect(looked).to.equal(0);
    logger.warn({}, 'c');
    logger.error({}, 'd');
    expect(lines).to.have.length(2);
    const silent = setUp('silent');
    silent.logger.error({}, 'e');
    expect(silent.lines).to.deep.equal([]);
  });

  it('is made of anything, and of a bounded size', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const thrower = Object.defineProperty({}, 'x', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    const cases: Record<string, unknown>[] = [
      { circle },
      { thrower },
      {
        thrower: new Proxy(
          {},
          {
            ownKeys() {
              throw new Error('no');
            },
          },
        ),
      },
      { big: 10n, symbol: Symbol('s'), fn: () => {}, date: new Date(Number.NaN), bytes: Buffer.alloc(10_000_000) },
      {
        long: 'x'.repeat(10_000_000),
        wide: Array(100_000).fill('y'),
        keys: Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, n])),
      },
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
      { nested: { toJSON: () => 'canary' } },
    ];
    for (const fields of cases) expect(JSON.stringify(logged(fields))).to.have.length.below(20_000);
  });

  it('says what it leaves out', () => {
    const deep = { a: { b: { c: { d: { e: { f: 'canary' } } } } } };
    expect(logged(deep)).to.deep.include(deep);
    expect(JSON.stringify(logged({ z: deep })))
      .to.include('"e":"[deeper]"')
      .and.not.include('canary');
    expect(logged({ list: Array(52).fill(0) })['list'])
      .to.have.length(51)
      .and.include('[2 more]');
    expect(logged({ list: Array(50).fill(0) })['list']).to.have.length(50);
    const wide = Object.fromEntries(Array.from({ length: 53 }, (_, n) => [`k${n}`, n]));
    expect(logged({ wide })).to.have.property('wide').that.includes({ k49: 49, '…': '[3 more]' });
    expect(JSON.stringify(logged({ wide }))).not.to.include('k50');
    expect(logged({ long: 'x'.repeat(3000) })['long']).to.equal(`${'x'.repeat(2000)}… (cut)`);
    expect(logged({ token: null })).to.include({ token: null });
  });

  it('that is cut shows no half of a secret', () => {
    for (let pad = 16_300; pad < 16_400; pad += 7) {
      const line = JSON.stringify(
        logged({ note: `${'eyJhbGci.x '.repeat(1480)}${' '.repeat(pad - 16_280)}vh_prod1_${secret}` }),
      );
      expect(line).not.to.include(secret.slice(0, 8));
    }
  });

  it('of hostile text takes no longer than it is', () => {
    const started = performance.now();
    for (const piece of [
      '+1 ',
      '://a:',
      'eyJ',
      'vh_a_',
      '-----BEGIN PRIVATE KEY-----',
      '?token=',
      '1',
      'Bearer ',
      '#',
    ]) {
      logged({ note: piece.repeat(100_000) });
    }
    expect(performance.now() - started).to.be.below(1000);
  });
});

describe('the log to standard output', () => {
  const script = `
    const { createLogger } = await import(${JSON.stringify(new URL('../../server/telemetry/logger.ts', import.meta.url).href)});
    const logger = createLogger({ level: 'info' });
    for (let n = 0; n < 3000; n++) logger.info({ n, pad: 'x'.repeat(1900) }, 'hello');
    process.stderr.write('lives on, ' + process.memoryUsage().rss);
  `;

  const run = (output: 'ignore' | number) =>
    spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', output, 'pipe'],
      encoding: 'utf8',
    });

  it('that is full costs lines, not the process and not its memory', () => {
    const full = openSync('/dev/full', 'w');
    const ordinary = run('ignore');
    const { status, stderr } = run(full);
    closeSync(full);
    expect(stderr).to.match(/^lives on, \d+$/);
    expect(status).to.equal(0);
    const grown = Number(stderr.replace(/\D/g, '')) - Number(ordinary.stderr.replace(/\D/g, ''));
    expect(grown, 'bytes more than with room').to.be.below(20_000_000);
  });
});
