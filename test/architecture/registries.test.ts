// One registry of errors: what the server refuses with and what the SDK knows are the same list.
import { expect } from 'chai';
import { problemCodes } from '../../client-sdk/protocol.ts';
import { problems } from '../../server/core/errors.ts';

describe('the registry of errors', () => {
  it('is the same in server/core/errors.ts and client-sdk/protocol.ts', () => {
    const served = Object.entries(problems).map(([code, { status, retry }]) => [code, { status, retry }]);
    expect(Object.fromEntries(served)).to.deep.equal(problemCodes);
  });
});
