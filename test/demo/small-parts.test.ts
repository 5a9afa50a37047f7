// The demo's pure parts: names of browsers, words for what happens, pictures made by code.
import { expect } from 'chai';
import { inflateSync } from 'node:zlib';
import type { DeliveryStepView, VerificationView } from '../../client-sdk/protocol.ts';
import { appIcon } from '../../server/demo/app-icon.ts';
import { browserName } from '../../server/demo/browser-name.ts';
import { endingOf } from '../../server/demo/pages/bank/endings.ts';
import { describeProgress, describeStep } from '../../server/demo/pages/bank/progress-text.ts';
import { endedElsewhere } from '../../server/demo/pages/phone/results.ts';
import { qrModules } from '../../server/demo/pages/shared/qr-code.ts';
import { timeLeft } from '../../server/demo/pages/shared/time-left.ts';
import { adviceFor } from '../../server/demo/pages/stage/coach.ts';
import { createUsedResults } from '../../server/demo/used-results.ts';
import { createFakeClock } from '../support/clock.ts';

describe('the name of a browser', () => {
  const agents: readonly [string | undefined, string][] = [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1',
      'Safari on iPhone',
    ],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18.0 Safari/605', 'Safari on Mac'],
    ['curl/8.0', 'A browser'],
    [undefined, 'A browser'],
  ];
  for (const [agent, name] of agents) it(name, () => expect(browserName(agent)).to.equal(name));
});

describe('what the waiting page says', () => {
  const at = (statuses: Partial<Record<'socket' | 'push' | 'sms', DeliveryStepView['status']>>, acceptable = false) => {
    const delivery = (['socket', 'push', 'sms'] as const).map((step) => ({
      step,
      attempts: 0,
      status: statuses[step] ?? 'waiting',
    }));
    const matching: VerificationView['matching'] = { mode: 'enter', number: '42' };
    return describeProgress({ delivery, matching, code: { acceptable, attemptsLeft: 5 } });
  };

  it('follows the escalation', () => {
    expect(at({ socket: 'pending' }).headline).to.equal('Verification request sent to your phone');
    expect(at({ socket: 'acknowledged' }).hint).to.equal('It has arrived. Open it and enter the number below.');
    expect(at({ socket: 'failed', push: 'pending' }).headline).to.equal('Your phone is not connected');
    expect(at({ socket: 'failed', push: 'accepted' }).hint).to.include('a text message follows');
    expect(at({ socket: 'failed', push: 'accepted', sms: 'skipped' }).hint).to.equal('Open it on your phone.');
    expect(at({ socket: 'failed', push: 'failed', sms: 'pending' }).headline).to.equal('Sending you a text message');
    expect(at({ socket: 'failed', push: 'accepted', sms: 'accepted' }, true).hint).to.include(
      'could not reach the app',
    );
    expect(at({ socket: 'skipped', push: 'skipped', sms: 'accepted' }, true).hint).to.equal(
      'We sent a text message with a code.',
    );
    expect(at({ socket: 'acknowledged', sms: 'accepted' }, true).headline).to.equal(
      'Approve on your phone, or type the code',
    );
    expect(at({ socket: 'skipped', push: 'failed', sms: 'skipped' }).headline).to.equal('Your phone was not reached');
  });

  it('tells a push that is out from one that was passed over', () => {
    const push: DeliveryStepView = { step: 'push', status: 'accepted', attempts: 1 };
    expect(describeStep(push)).to.include({ tone: 'busy', text: 'sent' });
    expect(describeStep(push, true)).to.include({ tone: 'bad', text: 'no answer' });
    expect(describeStep({ step: 'sms', status: 'accepted', attempts: 1 })).to.include({ tone: 'good', text: 'sent' });
  });

  it('ends with what to do next', () => {
    const statuses = ['denied', 'expired', 'canceled', 'undeliverable', 'approved'] as const;
    for (const status of statuses)
      expect(endingOf({ status, decision: null }, 'sign-in').next, status).not.to.equal('');
    const decision = { method: 'app', outcome: 'denied', at: '', reported: true } as const;
    expect(endingOf({ status: 'denied', decision }, 'sign-in').title).to.equal('Thank you for reporting this');
    expect(endingOf({ status: 'expired', decision: null }, 'payment').primary).to.equal('Back to your account');
    expect(endingOf({ status: 'failed', message: 'why' }, 'sign-in').text).to.equal('why');
  });
});

describe('what the phone says of a request that another ended', () => {
  it('is told from its own answers', () => {
    expect(
      ['approved', 'denied', 'expired', 'canceled', 'undeliverable', null].map((status) =>
        endedElsewhere(status as null),
      ),
    ).to.deep.equal(['approved-elsewhere', 'denied-elsewhere', 'expired', 'canceled', 'gone', 'gone']);
  });
});

describe('the coach', () => {
  it('goes through the three steps', () => {
    const phone = { type: 'phone', userId: 'alice', mode: 'open', prompts: 0 } as const;
    const steps = [
      adviceFor({ phone: null, bank: 'sign-in' }),
      adviceFor({ phone: { ...phone, userId: null }, bank: 'sign-in' }),
      adviceFor({ phone, bank: 'sign-in' }),
      adviceFor({ phone, bank: 'waiting' }),
      adviceFor({ phone, bank: 'account' }),
      adviceFor({ phone, bank: 'ended' }),
    ];
    expect(steps.map(({ step }) => step)).to.deep.equal([0, 0, 1, 2, 3, 1]);
    expect(adviceFor({ phone: { ...phone, mode: 'offline' }, bank: 'waiting' }).text).to.include('outbox');
  });
});

describe('time left', () => {
  it('reads as on a clock', () => {
    expect([300_000, 299_001, 60_000, 9_500, 0, -5].map(timeLeft)).to.deep.equal([
      '5:00',
      '5:00',
      '1:00',
      '0:10',
      '0:00',
      '0:00',
    ]);
  });
});

describe('used results', () => {
  it('are remembered as long as their tokens can come', () => {
    const clock = createFakeClock();
    const used = createUsedResults(clock);
    expect([used.use('a'), used.use('a'), used.use('b')]).to.deep.equal([true, false, true]);
    clock.advance(900_000);
    expect(used.use('a')).to.equal(false);
    clock.advance(3_600_000);
    expect(used.use('a')).to.equal(true);
  });
});

describe('the app icon', () => {
  it('is a PNG of its size, opaque, with the mark on it', () => {
    const icon = appIcon(48);
    expect(icon.subarray(1, 4).toString('latin1')).to.equal('PNG');
    expect([icon.readUInt32BE(16), icon.readUInt32BE(20)]).to.deep.equal([48, 48]);
    const start = icon.indexOf('IDAT') + 4;
    const pixels = inflateSync(icon.subarray(start, start + icon.readUInt32BE(start - 8)));
    expect(pixels.length).to.equal(48 * (1 + 48 * 3));
    const pixel = (x: number, y: number) => [...pixels.subarray(y * 145 + 1 + x * 3, y * 145 + 4 + x * 3)];
    expect(pixel(0, 0)).to.deep.equal([11, 45, 40]);
    expect(pixel(13, 24)).to.deep.equal([118, 226, 200]);
  });
});

describe('a QR code', () => {
  // Held before zbarimg 0.23, which reads: https://localhost/enroll#abc
  const scanned = `
#######...#..####.#######
#.....#..#....##..#.....#
#.###.#.#..#......#.###.#
#.###.#..#....###.#.###.#
#.###.#..#..#.##..#.###.#
#.....#...#######.#.....#
#######.#.#.#.#.#.#######
........#....##..........
###.#####...##...##...#..
....#..###..#...###.....#
#.##..##..#.##...#..#.###
..#.##.####..#..#.#.#..#.
..#.###.#.#.##.####..#.##
.####..##.#.###.###..#..#
#.##.##.###..##.#.##..###
.#..##..##.#.#.#..#.#..#.
#.....#.##..##.#######...
........#.#.#..##...##.##
#######.###..#.##.#.##.##
#.....#.#.#..##.#...##.#.
#.###.#.#...##..######.#.
#.###.#..##....#...####..
#.###.#.###.#..#....#...#
#.....#.######.###..##.#.
#######.#..###.#####...##`;

  it('is drawn as scanners read it', () => {
    const drawn = qrModules('https://localhost/enroll#abc');
    const text = drawn?.map((row) => row.map((dark) => (dark ? '#' : '.')).join('')).join('\n');
    expect(text).to.equal(scanned.trim());
  });

  it('grows with its text, and stops where it would be too dense', () => {
    const sizes = [1, 17, 18, 32, 53, 78, 106, 134, 135].map((length) => qrModules('x'.repeat(length))?.length);
    expect(sizes).to.deep.equal([21, 21, 25, 25, 29, 33, 37, 41, undefined]);
  });
});
