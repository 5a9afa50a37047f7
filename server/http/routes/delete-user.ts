// DELETE /v1/users/{userId}: forgets the person, with devices, trusted browsers and whatever is pending.
import { userPath } from '../../wire/ids.ts';
import { endpoint } from '../endpoint.ts';

export const deleteUser = endpoint({
  operation: 'deleteUser',
  summary: 'Forget a user, with devices and trusted browsers',
  caller: 'relying-party',
  takes: { path: userPath },
  gives: { status: 204, text: 'Forgotten' },
  problems: ['not-found'],

  async handle({ caller: application, path: { userId } }, { users }) {
    await users.remove(application, userId);
  },
});
