// Problems on the wire: every code has its form, and a bug tells nothing.
import { expect } from 'chai';
import { inspect } from 'node:util';
import { problemCodes as protocolCodes } from '../../client-sdk/protocol.ts';
import { ProblemError, problems } from '../../server/core/errors.ts';
import { StoreUnavailableError } from '../../server/ports/store.ts';
import { isValid } from '../../server/wire/parse.ts';
import { isRefusal, problem, problemCodes, toProblem } from '../../server/wire/problem.ts';

describe('problems on the wire', () => {
  it('are one closed list, the same as the protocol', () => {
    expect(problemCodes).to.have.members(Object.keys(protocolCodes));
  });

  for (const code of problemCodes) {
    it(`${code} has the form of RFC 9457`, () => {
      const made = toProblem(new ProblemError(code, 'What to do.'), 'request-1');
      const { status, title } = problems[code];
      const type = `urn:verihub:problem:${code}`;
      expect(made).to.deep.equal({ type, title, status, detail: 'What to do.', code, requestId: 'request-1' });
      expect(isValid(problem, made)).to.equal(true);
    });
  }

  it('carry what helps', () => {
    const errors = [{ pointer: '/a', detail: 'is required' }];
    const extras = {
      errors,
      retryAfter: 30,
      attemptsLeft: 2,
      verificationStatus: 'denied',
      serverTime: Date.UTC(2026, 0, 1),
    };
    const made = toProblem(new ProblemError('invalid', 'x', extras), 'r');
    expect(made).to.deep.include({ errors, retryAfter: 30, attemptsLeft: 2, verificationStatus: 'denied' });
    expect(made.serverTime).to.equal('2026-01-01T00:00:00.000Z');
    expect(isValid(problem, made)).to.equal(true);
  });

  it('ask to come back when the store is away', () => {
    const made = toProblem(new StoreUnavailableError('connect ECONNREFUSED 10.0.0.7:6379'), 'r');
    expect(made).to.deep.include({ code: 'store-unavailable', status: 503, retryAfter: 1 });
    expect(JSON.stringify(made)).not.to.include('ECONNREFUSED');
  });

  for (const thrown of [
    new Error('SELECT secret FROM t'),
    new TypeError('secret'),
    'secret',
    undefined,
    null,
    { message: 'secret' },
  ]) {
    it(`tell nothing of ${inspect(thrown)}`, () => {
      const made = toProblem(thrown, 'r');
      expect(made).to.deep.include({ code: 'internal', status: 500 });
      expect(JSON.stringify(made)).not.to.include('secret');
      expect(isRefusal(thrown)).to.equal(false);
    });
  }

  it('know a refusal from a bug', () => {
    expect(isRefusal(new ProblemError('not-found', 'x'))).to.equal(true);
    expect(isRefusal(new StoreUnavailableError('x'))).to.equal(true);
  });
});
