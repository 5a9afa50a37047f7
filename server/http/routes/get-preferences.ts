// GET /v1/device/preferences: how the person wants to be reached.
import { rfc3339 } from '../../app/views.ts';
import { preferencesReply } from '../../wire/users.ts';
import { endpoint } from '../endpoint.ts';

export const getPreferences = endpoint({
  operation: 'getPreferences',
  summary: 'Read the delivery preference',
  caller: 'device',
  gives: { status: 200, text: 'The preference', schema: preferencesReply },
  problems: ['not-found'],

  async handle({ caller: { applicationId, userId } }, { users }) {
    const { user, now } = await users.get(applicationId, userId);
    return { delivery: user.delivery, serverTime: rfc3339(now) };
  },
});
