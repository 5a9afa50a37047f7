// PUT /v1/users/{userId}: a person's number, language and delivery preference.
import { rfc3339, viewUser } from '../../app/views.ts';
import { userPath } from '../../wire/ids.ts';
import { putUserRequest, userReply } from '../../wire/users.ts';
import { endpoint } from '../endpoint.ts';

export const putUser = endpoint({
  operation: 'putUser',
  summary: 'Create or change a user',
  caller: 'relying-party',
  takes: { path: userPath, body: putUserRequest },
  gives: { status: 200, text: 'The user as it is now', schema: userReply },

  async handle({ caller: application, path: { userId }, body }, { users, smsOptOuts }) {
    const { user, now } = await users.put(application, userId, body);
    const smsOptedOut = await smsOptOuts.isOut(user.phoneNumber);
    return { user: viewUser(user, smsOptedOut), serverTime: rfc3339(now) };
  },
});
