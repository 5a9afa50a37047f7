// Push through FCM with the real firebase-admin against a simulator: what every answer becomes, and how many requests it cost.
import { expect } from 'chai';
import * as answers from '../support/fcm-answers.ts';
import { openFcmScene, push } from '../support/fcm-scene.ts';

const never = new AbortController().signal;
const notSent = (reason: string) => ({ kind: 'unreachable', outcome: 'not-sent', reason });
const unknown = (reason: string) => ({ kind: 'unreachable', outcome: 'unknown', reason });
const gone = (reason: string) => ({ kind: 'rejected', reason, recipientGone: true });
const misconfigured = (reason: string) => ({ kind: 'rejected', reason, configuration: true });
const throttled = (reason: string, retryAfterMs: number) => ({ kind: 'throttled', reason, retryAfterMs });

describe('FCM answers', () => {
  const { fcmErrors } = answers;
  const cases: [name: string, answer: answers.FcmAnswer, result: object][] = [
    ['404 UNREGISTERED', fcmErrors.unregistered, gone('unregistered')],
    ['400 in words about the token', fcmErrors.notAToken, gone('token-invalid')],
    ['400 about the field message.token', fcmErrors.invalidToken, gone('token-invalid')],
    ['400 about another field', fcmErrors.invalidField, { kind: 'rejected', reason: 'invalid-argument' }],
    ['400 too big', fcmErrors.tooBig, { kind: 'rejected', reason: 'invalid-argument' }],
    ['403 SENDER_ID_MISMATCH', fcmErrors.senderIdMismatch, { kind: 'rejected', reason: 'sender-id-mismatch' }],
    ['401 THIRD_PARTY_AUTH_ERROR', fcmErrors.thirdPartyAuth, { kind: 'rejected', reason: 'third-party-auth' }],
    ['401 UNAUTHENTICATED', fcmErrors.unauthenticated, misconfigured('credentials-refused')],
    ['403 PERMISSION_DENIED', fcmErrors.permissionDenied, misconfigured('permission-denied')],
    ['403 SERVICE_DISABLED', fcmErrors.apiDisabled, misconfigured('permission-denied')],
    ['404 without a code of FCM', fcmErrors.projectNotFound, misconfigured('project-not-found')],
    ['404 HTML', answers.html(404), misconfigured('project-not-found')],
    ['429', answers.quotaExceeded(), throttled('quota-exceeded', 60_000)],
    ['429 with seconds', answers.quotaExceeded('7'), throttled('quota-exceeded', 7_000)],
    ['429 with a date', answers.quotaExceeded('Wed, 21 Oct 2026 07:28:30 GMT'), throttled('quota-exceeded', 30_000)],
    ['429 with nonsense', answers.quotaExceeded('soon'), throttled('quota-exceeded', 60_000)],
    ['500', fcmErrors.internal, notSent('internal')],
    ['500 HTML', answers.html(500), notSent('internal')],
    ['503', fcmErrors.unavailable, notSent('unavailable')],
    ['503 with seconds', answers.unavailable('4'), throttled('unavailable', 4_000)],
    ['503 with a date', answers.unavailable('Wed, 21 Oct 2026 07:28:09 GMT'), throttled('unavailable', 9_000)],
    ['502 HTML of a gateway', answers.html(502), unknown('http-502')],
    ['504 HTML of a gateway', answers.html(504), unknown('http-504')],
    ['501', answers.html(501), notSent('http-501')],
    ['408', answers.html(408), notSent('http-408')],
    ['413', answers.html(413), { kind: 'rejected', reason: 'http-413' }],
    ['302', answers.redirect, notSent('http-302')],
    ['304', answers.html(304), notSent('http-304')],
    ['200 HTML', answers.html(200), notSent('malformed-answer')],
    ['200 cut JSON', answers.json(200, '{"name": "projects/si'), notSent('malformed-answer')],
    ['200 null', answers.json(200, 'null'), notSent('malformed-answer')],
    ['200 a list', answers.json(200, '[1, 2]'), notSent('malformed-answer')],
    ['200 without a name', answers.json(200, '{}'), notSent('malformed-answer')],
    ['200 with a name that is none', answers.json(200, '{"name": 7}'), notSent('malformed-answer')],
    ['200 with an error that is null', answers.json(200, '{"error": null}'), notSent('malformed-answer')],
    [
      '200 with an error in it',
      answers.json(200, '{"name": "a", "error": {"status": "INTERNAL"}}'),
      notSent('malformed-answer'),
    ],
    ['200 empty', answers.empty, notSent('malformed-answer')],
    ['200 with 10 MB', answers.huge(10_000_000), notSent('malformed-answer')],
    [
      '200 packed',
      answers.json(200, '{"name": "a"}', { 'content-encoding': 'gzip' }),
      { kind: 'accepted', provider: 'fcm', providerId: 'a' },
    ],
    [
      '200 in many parts',
      answers.json(200, '{"name": "a"}', { 'content-type': 'multipart/mixed; boundary=x' }),
      { kind: 'accepted', provider: 'fcm', providerId: 'a' },
    ],
    ['204', (response) => void response.writeHead(204).end(), notSent('malformed-answer')],
    ['a reset', answers.reset, unknown('econnreset')],
    ['a hang-up', answers.hangUp, unknown('econnreset')],
    ['200 broken off in the middle', answers.brokenOff, unknown('broken-off')],
  ];
  for (const [name, answer, result] of cases) {
    it(`${name} → ${JSON.stringify(result)}`, async () => {
      await using scene = await openFcmScene();
      scene.fcm.script([answer], answer);
      expect(await scene.channel.send(push(), never)).to.deep.equal(result);
      expect(scene.fcm.requests, 'requests').to.have.length(1);
    });
  }
});
