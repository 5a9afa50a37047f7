// Parsing: a good value comes through as it is; of a bad one every fault is named with its place.
import { expect } from 'chai';
import { ProblemError, type ProblemExtras } from '../../server/core/errors.ts';
import { createVerificationRequest } from '../../server/wire/create-verification.ts';
import { enrollDeviceRequest } from '../../server/wire/devices.ts';
import { parse, type Schema } from '../../server/wire/parse.ts';
import { putUserRequest } from '../../server/wire/users.ts';
import { longPollQuery } from '../../server/wire/verification-calls.ts';

function refusal(schema: Schema, value: unknown, at?: string): ProblemError {
  try {
    parse(schema, value, at);
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

function pointers({ errors = [] }: ProblemExtras): string[] {
  return errors.map(({ pointer }) => pointer);
}

const create = { userId: 'alice', action: 'Sign in' };

describe('parse', () => {
  it('answers the value itself', () => {
    const value = { ...create, details: [{ label: 'Amount', value: '1 EUR' }] };
    expect(parse(createVerificationRequest, value)).to.equal(value);
  });

  for (const value of [undefined, null, [], [create], 'text', 3, true]) {
    it(`calls ${JSON.stringify(value)} malformed`, () => {
      const error = refusal(createVerificationRequest, value);
      expect(error.code).to.equal('malformed');
      expect(error.extras.errors).to.equal(undefined);
    });
  }

  it('names every fault at once, each with its pointer', () => {
    const value = {
      action: 3,
      details: [{ label: '', value: 'x' }, { value: 'y' }],
      steps: ['fax'],
      stepUp: 'yes',
      more: 1,
    };
    const { code, extras } = refusal(createVerificationRequest, value);
    expect(code).to.equal('invalid');
    const wanted = ['/userId', '/action', '/details/0/label', '/details/1/label', '/steps/0', '/stepUp', '/more'];
    expect(pointers(extras)).to.include.members(wanted);
    for (const { detail } of extras.errors ?? []) expect(detail).to.match(/^(is|must|has) /);
  });

  it('escapes names as RFC 6901 says, and begins where it is told', () => {
    expect(pointers(refusal(createVerificationRequest, { ...create, 'a/b~c': 1 }).extras)).to.deep.equal(['/a~1b~0c']);
    expect(pointers(refusal(longPollQuery, { wait: 31 }, '/query').extras)).to.deep.equal(['/query/wait']);
  });

  it('does not give back a name that cannot be shown', () => {
    for (const name of ['\u202e', 'é', '\u0000', 'x'.repeat(65), '']) {
      const { extras } = refusal(createVerificationRequest, { ...create, [name]: 1 });
      expect(extras.errors).to.deep.equal([{ pointer: '', detail: 'has a field that is not known here; remove it' }]);
    }
  });

  it('refuses fields that JavaScript objects inherit', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const value: unknown = JSON.parse(
        `{"userId":"alice","action":"Sign in",${JSON.stringify(name)}:{"isAdmin":true}}`,
      );
      expect(pointers(refusal(createVerificationRequest, value).extras), name).to.deep.equal([`/${name}`]);
    }
    const nested: unknown = JSON.parse('{"userId":"a","action":"b","context":{"__proto__":{"ip":"1.2.3.4"}}}');
    expect(pointers(refusal(createVerificationRequest, nested).extras)).to.deep.equal(['/context/__proto__']);
    expect({}).not.to.have.property('isAdmin');
  });

  it('tells no more than a screenful', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field${index}`, index]));
    expect(refusal(createVerificationRequest, { ...create, ...many }).extras.errors).to.have.length(32);
  });

  it('is not fooled by depth', () => {
    const deep: unknown = JSON.parse(`${'{"context":'.repeat(5000)}{}${'}'.repeat(5000)}`);
    expect(refusal(createVerificationRequest, deep).code).to.equal('invalid');
  });

  it('tells null from left out', () => {
    expect(parse(putUserRequest, { phoneNumber: null, locale: null })).to.deep.equal({
      phoneNumber: null,
      locale: null,
    });
    expect(parse(putUserRequest, {})).to.deep.equal({});
    expect(pointers(refusal(putUserRequest, { delivery: null }).extras)).to.deep.equal(['/delivery']);
  });

  it('takes no private key', () => {
    const key = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) };
    const body = {
      name: 'Phone',
      platform: 'ios',
      signingKey: { ...key, d: 'A'.repeat(43) },
      encryptionKey: key,
      proof: 'a.b.c',
    };
    expect(pointers(refusal(enrollDeviceRequest, body).extras)).to.deep.equal(['/signingKey/d']);
  });
});
