// Every error that Vonage documents, and what an attempt makes of it.
import { expect } from 'chai';
import { resultOfFate, wordFor } from '../../server/channels/vonage-errors.ts';

const now = Date.UTC(2026, 9, 21, 7, 28, 0);

function answered(status: number, body: unknown, headers: Record<string, string> = {}) {
  return resultOfFate({ kind: 'answered', status, headers, body: JSON.stringify(body) }, now);
}

const page = 'https://developer.vonage.com/api-errors/messages';
const byCode = (code: number) => answered(422, { type: `${page}#${code}`, title: 'Wrong', detail: 'It is.' });

const meanings: [meaning: string, codes: number[], result: object][] = [
  ['is tried again', [1030, 1100, 1180, 1220, 1230, 1331], { kind: 'unreachable', outcome: 'not-sent' }],
  ['waits', [1000, 1241, 1461, 1472], { kind: 'throttled' }],
  ['may have gone', [1320], { kind: 'unreachable', outcome: 'unknown' }],
  [
    'will never reach this number',
    [1040, 1050, 1170, 1190, 1300, 1310, 1430],
    { kind: 'rejected', recipientGone: true },
  ],
  ['is not wanted', [1240], { kind: 'rejected', skip: 'opted-out' }],
  ['is ours to mend', [1060, 1070, 1080, 1110, 1140, 1370, 1400], { kind: 'rejected', configuration: true }],
  [
    'will never go',
    [
      1010, 1020, 1021, 1022, 1090, 1120, 1130, 1150, 1160, 1200, 1210, 1250, 1251, 1260, 1270, 1280, 1282, 1290, 1330,
      1340, 1350, 1360, 1380, 1381, 1382, 1410, 1420, 1440, 1450, 1451, 1460, 1470, 1473, 1480, 1481, 1482, 1483, 1484,
    ],
    { kind: 'rejected' },
  ],
];

describe("Vonage's errors", () => {
  for (const [meaning, codes, result] of meanings) {
    it(`${codes.join(', ')}: the message ${meaning}`, () => {
      for (const code of codes) {
        const { reason, ...rest } = byCode(code) as { reason: string };
        expect(rest, String(code)).to.deep.equal(result);
        expect(reason, String(code))
          .to.match(/^[a-z-]+$/)
          .and.to.equal(wordFor({ title: String(code) }));
      }
    });
  }

  it('are read from the title too, where older answers have them', () => {
    expect(answered(400, { title: '1240' })).to.include({ skip: 'opted-out' });
    expect(answered(422, { type: 'https://developer.nexmo.com/api-errors/messages-olympus#1120' })).to.include({
      reason: 'sender-refused',
    });
  });

  it('count for less than a status that stands by itself', () => {
    const body = { type: `${page}#1120` };
    expect(answered(401, body)).to.include({ configuration: true });
    expect(answered(402, body)).to.include({ configuration: true });
    expect(answered(429, body)).to.include({ kind: 'throttled' });
    expect(answered(502, body)).to.include({ outcome: 'unknown' });
    expect(answered(403, { type: `${page}#1240` })).to.include({ skip: 'opted-out' });
  });

  it('that nobody has documented leave the status to say', () => {
    const bodies: unknown[] = [
      { type: `${page}#1999` },
      { type: `${page}#constructor` },
      { type: 7 },
      [],
      null,
      'x',
      {},
    ];
    for (const body of bodies) expect(answered(422, body)).to.deep.equal({ kind: 'rejected', reason: 'http-422' });
    expect(wordFor({ type: `${page}#1999` })).to.equal(undefined);
    expect(wordFor({ title: 'constructor' })).to.equal(undefined);
  });

  it('wait as long as they are asked to, whatever they are', () => {
    const headers = { 'retry-after': '3' };
    expect(answered(500, {}, headers)).to.include({ kind: 'throttled', retryAfterMs: 3000 });
    expect(answered(422, { type: `${page}#1230` }, headers)).to.include({ kind: 'throttled', retryAfterMs: 3000 });
    expect(answered(422, {}, headers)).to.deep.equal({ kind: 'rejected', reason: 'http-422' });
  });

  it('show nothing of what was said in them', () => {
    const said = answered(422, { type: `${page}#1170`, title: '+31612345678', detail: 'canary' });
    expect(JSON.stringify(said)).not.to.match(/316|canary/);
  });
});
