// GET /v1/users/{userId}
import { rfc3339, viewUser } from '../../app/views.ts';
import { userPath } from '../../wire/ids.ts';
import { userReply } from '../../wire/users.ts';
import { endpoint } from '../endpoint.ts';

export const getUser = endpoint({
  operation: 'getUser',
  summary: 'Read a user',
  caller: 'relying-party',
  takes: { path: userPath },
  gives: { status: 200, text: 'The user', schema: userReply },
  problems: ['not-found'],

  async handle({ caller: application, path: { userId } }, { users, smsOptOuts }) {
    const { user, now } = await users.get(application.id, userId);
    const smsOptedOut = await smsOptOuts.isOut(user.phoneNumber);
    return { user: viewUser(user, smsOptedOut), serverTime: rfc3339(now) };
  },
});
