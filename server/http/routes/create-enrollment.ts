// POST /v1/users/{userId}/enrollments: a token with which one phone may enroll, made for a QR code.
import { rfc3339 } from '../../app/views.ts';
import { userPath } from '../../wire/ids.ts';
import { createEnrollmentReply, createEnrollmentRequest } from '../../wire/users.ts';
import { endpoint } from '../endpoint.ts';

export const createEnrollment = endpoint({
  operation: 'createEnrollment',
  summary: 'Let a user enroll a device',
  caller: 'relying-party',
  takes: { path: userPath, body: createEnrollmentRequest },
  gives: { status: 201, text: 'Show `uri` as a QR code', schema: createEnrollmentReply },

  async handle({ caller: application, path: { userId }, body: { deviceName } }, { devices }) {
    const { enrollmentToken, uri, expiresAt, now } = await devices.createEnrollment(application, userId, deviceName);
    return { enrollmentToken, uri, expiresAt: rfc3339(expiresAt), serverTime: rfc3339(now) };
  },
});
