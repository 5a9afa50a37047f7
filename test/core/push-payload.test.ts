// A prompt in a push: whole when it fits; else shortened for everybody to see, and always within its bounds.
import { expect } from 'chai';
import * as fc from 'fast-check';
import { fitPrompt, pushPromptBytes } from '../../server/core/push-payload.ts';

const prompt = {
  id: 'ver_0199f3a0b1c27def8123456789abcdefa7',
  rev: 1,
  application: { name: 'Example Bank' },
  action: 'Pay an invoice',
  details: [
    { label: 'Amount', value: '120.00 EUR' },
    { label: 'To', value: 'ACME' },
  ],
  context: { ip: '203.0.113.7', userAgent: 'Firefox on Linux', location: 'Utrecht, NL' },
  matching: { mode: 'enter', digits: 2 },
  challenge: 'c'.repeat(43),
  createdAt: '2026-10-21T07:28:00.000Z',
  expiresAt: '2026-10-21T07:33:00.000Z',
  serverTime: '2026-10-21T07:28:00.000Z',
};
type Prompt = typeof prompt;

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const withAction = (action: string): Prompt => ({ ...prompt, action });

describe('a prompt in a push', function () {
  this.timeout(30_000);

  it('that fits is left as it is', () => {
    expect(fitPrompt(prompt, bytes(prompt))).to.equal(prompt);
  });

  it('that does not fit loses the end of its longest text, and shows it', () => {
    const long = { ...prompt, details: [...prompt.details, { label: 'Purpose', value: 'a'.repeat(256) }] };
    const fitted = fitPrompt(long, bytes(long) - 10);
    // The mark has three bytes.
    expect(fitted).to.deep.equal({
      ...long,
      details: [...prompt.details, { label: 'Purpose', value: `${'a'.repeat(243)}…` }],
    });
    expect(bytes(fitted)).to.equal(bytes(long) - 10);
  });

  it('shares what room there is among its long texts; short ones stay whole', () => {
    const value = 'x'.repeat(256);
    const long = {
      ...prompt,
      details: [...prompt.details, { label: 'One', value }, { label: 'Two', value }],
      context: { ...prompt.context, userAgent: 'y'.repeat(512) },
    };
    const fitted = fitPrompt(long, bytes(long) - 600);
    const lengths = [fitted.details[2]?.value, fitted.details[3]?.value, fitted.context.userAgent].map(
      (text) => text?.length ?? 0,
    );
    expect(new Set(lengths).size, String(lengths)).to.equal(1);
    expect(fitted.details.slice(0, 2)).to.deep.equal(prompt.details);
    expect(fitted.context).to.include({ ip: '203.0.113.7', location: 'Utrecht, NL' });
    expect(fitted.action).to.equal(prompt.action);
  });

  it('shortens each part that can be long', () => {
    const long = 'z'.repeat(300);
    const each: Prompt[] = [
      withAction(long),
      { ...prompt, details: [{ label: long, value: 'a' }] },
      { ...prompt, details: [{ label: 'a', value: long }] },
      { ...prompt, context: { ...prompt.context, userAgent: long } },
      { ...prompt, context: { ...prompt.context, location: long } },
    ];
    for (const given of each) {
      const fitted = fitPrompt(given, bytes(given) - 100);
      expect(JSON.stringify(fitted)).to.equal(JSON.stringify(given).replace(long, `${'z'.repeat(197)}…`));
    }
  });

  it('never makes a text longer by marking it', () => {
    for (let length = 1; length < 40; length += 1) {
      const given = { ...prompt, details: [{ label: 'a', value: 'v'.repeat(length) }] };
      for (let room = bytes(given); room > bytes(given) - 60; room -= 1) {
        const value = fitPrompt(given, room).details[0]?.value ?? '';
        expect(Buffer.byteLength(value)).to.be.at.most(Math.max(length, 3));
      }
    }
  });

  it('shortens what is to be approved last of all', () => {
    const detail = { label: 'l'.repeat(64), value: 'v'.repeat(256) };
    const long = { ...withAction('a'.repeat(200)), details: Array.from({ length: 10 }, () => detail) };
    const kept = fitPrompt(long, 1_500);
    expect(kept.action).to.equal(long.action);
    expect(kept.details[0]?.label).to.match(/^l+…$/u);
    const tight = fitPrompt(long, 1_200);
    expect(tight.action).to.match(/^a+…$/u);
    expect(tight.details[9]?.value).to.match(/^v+…$/u);
    expect(bytes(tight)).to.be.at.most(1_200);
  });

  it('is cut between characters as people see them', () => {
    const family = '👨‍👩‍👧‍👦';
    const accented = 'é'.normalize('NFD');
    const long = withAction(family.repeat(8) + accented);
    for (let room = bytes(withAction('')) + 3; room < bytes(long); room += 1) {
      const { action } = fitPrompt(long, room);
      expect(action.replaceAll(family, ''), String(room)).to.be.oneOf(['…', `${accented}…`]);
    }
  });

  it('leaves no blank before the mark', () => {
    const long = withAction('word '.repeat(40));
    for (let less = 1; less < 100; less += 1) expect(fitPrompt(long, bytes(long) - less).action).not.to.match(/\s…$/u);
  });

  it('that cannot be made to fit is as short as it gets', () => {
    const { action, details } = fitPrompt(prompt, 10);
    expect([action, details[0]?.value]).to.deep.equal(['…', '…']);
  });

  // As the API takes them (server/wire/create-verification.ts), at their worst: three bytes for each UTF-16 unit, or escaped.
  const text = (maxLength: number) =>
    fc.string({ unit: fc.constantFrom('a', '"', '\\', 'é', '€', '漢', '👍'), minLength: 1, maxLength });
  const prompts = fc.record({
    action: text(200),
    application: fc.record({ name: text(64) }),
    details: fc.array(fc.record({ label: text(64), value: text(256) }), { maxLength: 10, size: 'max' }),
    context: fc.record({ ip: fc.ipV6(), userAgent: text(512), location: text(128) }, { requiredKeys: [] }),
  });

  it('of any shape the API takes fits a push, with all its parts, and what is not marked is whole', () => {
    fc.assert(
      fc.property(prompts, (worded) => {
        const given = { ...prompt, ...worded, matching: { mode: 'choose', choices: ['1234', '5678', '9012'] } };
        const fitted = fitPrompt(given, pushPromptBytes);
        expect(bytes(fitted)).to.be.at.most(pushPromptBytes);
        if (bytes(given) <= pushPromptBytes) expect(fitted).to.equal(given);
        else expect(bytes(fitted), 'room is used').to.be.at.least(pushPromptBytes - 23 * 10);
        for (const [now, before] of textsOf(fitted, given)) {
          if (now !== before) expect(now.endsWith('…') && before.startsWith(now.slice(0, -1))).to.equal(true);
        }
        const rest = ({ details, context, ...others }: typeof given) => [
          { ...others, action: '' },
          details.length,
          context.ip,
          Object.keys(context),
        ];
        expect(rest(fitted)).to.deep.equal(rest(given));
      }),
      { numRuns: 300 },
    );
  });
});

function textsOf(
  fitted: Pick<Prompt, 'action' | 'details'> & { context: object },
  given: Pick<Prompt, 'action' | 'details'> & { context: object },
): [string, string][] {
  const all = ({ action, details, context }: typeof given): string[] => [
    action,
    ...details.flatMap(({ label, value }) => [label, value]),
    ...Object.values<string>({ ...context }),
  ];
  const before = all(given);
  return all(fitted).map((now, index) => [now, before[index] ?? '']);
}
