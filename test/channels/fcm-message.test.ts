// What Google gets to see of a push, to the letter, with the real firebase-admin.
import { expect } from 'chai';
import { openFcmScene, push, sceneStart } from '../support/fcm-scene.ts';
import { payloadBytes } from '../support/fcm-simulator.ts';

const never = new AbortController().signal;

describe('a push through FCM', () => {
  it('is a notification that says nothing, and data that only the device can read', async () => {
    await using scene = await openFcmScene();
    const { token, verificationId: id, jwe } = push();
    const result = await scene.channel.send(push({ ttlMs: 271_999 }), never);
    expect(result).to.deep.equal({
      kind: 'accepted',
      provider: 'fcm',
      providerId: 'projects/sim/messages/0:170000000000001%abc',
    });
    const [sent] = scene.fcm.requests;
    expect(sent?.message).to.deep.equal({
      token,
      notification: { title: 'Verification request', body: 'Open the app to answer.' },
      data: { v: '1', id, jwe },
      android: {
        priority: 'high',
        ttl: '271s',
        collapse_key: id,
        notification: { tag: id, sound: 'default', notification_priority: 'PRIORITY_MAX', visibility: 'PUBLIC' },
      },
      apns: {
        headers: {
          'apns-priority': '10',
          'apns-push-type': 'alert',
          'apns-expiration': String(sceneStart / 1000 + 271),
          'apns-collapse-id': id,
        },
        payload: {
          aps: {
            alert: { title: 'Verification request', body: 'Open the app to answer.' },
            sound: 'default',
            'thread-id': 'verification',
            'mutable-content': 1,
            'interruption-level': 'time-sensitive',
          },
        },
      },
      webpush: {
        headers: { TTL: '271', Urgency: 'high', Topic: 'LWWYjxvoDp4xVPXD-yOd0UfPAjAOp08Q' },
        notification: {
          title: 'Verification request',
          body: 'Open the app to answer.',
          tag: id,
          requireInteraction: true,
        },
      },
    });
  });

  it('is one POST with a fixed token to a simulator', async () => {
    await using scene = await openFcmScene();
    await scene.channel.send(push(), never);
    const [sent] = scene.fcm.requests;
    expect(sent).to.deep.include({
      method: 'POST',
      path: '/v1/projects/sim/messages:send',
      bearer: 'verihub-test-token',
    });
    expect(sent?.headers).to.deep.include({ host: `127.0.0.1:${scene.fcm.port}` });
    expect(scene.fcm.tokenRequests).to.have.length(0);
  });

  it('fits the names under which platforms replace it', async () => {
    await using scene = await openFcmScene();
    await scene.channel.send(push(), never);
    const { apns, webpush } = (scene.fcm.requests[0]?.message ?? {}) as Record<
      string,
      { headers: Record<string, string> }
    >;
    expect(Buffer.byteLength(apns?.headers['apns-collapse-id'] ?? '')).to.be.within(1, 64);
    expect(webpush?.headers['Topic']).to.match(/^[A-Za-z0-9_-]{1,32}$/);
  });

  it('repeated is the same message, so that the phone shows one', async () => {
    await using scene = await openFcmScene();
    for (let number = 0; number < 2; number += 1) await scene.channel.send(push(), never);
    expect(scene.fcm.requests[1]?.message).to.deep.equal(scene.fcm.requests[0]?.message);
  });

  for (const [ttlMs, ttl, seconds] of [
    [999, '0s', 0],
    [0, '0s', 0],
    [-5, '0s', 0],
    [600_000, '600s', 600],
  ] as const) {
    it(`lives for what is left: ${ttlMs} ms`, async () => {
      await using scene = await openFcmScene();
      await scene.channel.send(push({ ttlMs }), never);
      expect(scene.fcm.requests[0]?.message).to.nested.include({
        'android.ttl': ttl,
        'apns.headers.apns-expiration': String(sceneStart / 1000 + seconds),
        'webpush.headers.TTL': String(seconds),
      });
    });
  }

  it('leaves room for a JWE of 3,500 characters in 4 KB, on every platform', async () => {
    await using scene = await openFcmScene();
    const jwe = 'e'.repeat(3_500);
    expect(await scene.channel.send(push({ jwe }), never)).to.deep.include({ kind: 'accepted' });
    // FCM and the push services add fields of their own to what Apple and browsers get.
    expect(payloadBytes(scene.fcm.requests[0]?.message ?? {})).to.be.at.most(4_096 - 256);
    expect(await scene.channel.send(push({ jwe: 'e'.repeat(4_097) }), never)).to.deep.include({ kind: 'rejected' });
  });
});
