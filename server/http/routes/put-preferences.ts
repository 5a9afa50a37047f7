// PUT /v1/device/preferences: the person chooses push, SMS or both.
import { rfc3339 } from '../../app/views.ts';
import { preferences, preferencesReply } from '../../wire/users.ts';
import { endpoint } from '../endpoint.ts';

export const putPreferences = endpoint({
  operation: 'putPreferences',
  summary: 'Change the delivery preference',
  caller: 'device',
  takes: { body: preferences },
  gives: { status: 200, text: 'The preference as it is now', schema: preferencesReply },

  async handle({ caller: { applicationId, userId }, body: { delivery } }, { users }) {
    const { user, now } = await users.setDelivery(applicationId, userId, delivery);
    return { delivery: user.delivery, serverTime: rfc3339(now) };
  },
});
