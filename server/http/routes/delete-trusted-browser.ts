// DELETE /v1/users/{userId}/trusted-browsers/{id}
import { userTrustedBrowserPath } from '../../wire/ids.ts';
import { endpoint } from '../endpoint.ts';

export const deleteTrustedBrowser = endpoint({
  operation: 'deleteTrustedBrowser',
  summary: 'Trust a browser no longer',
  caller: 'relying-party',
  takes: { path: userTrustedBrowserPath },
  gives: { status: 204, text: 'Revoked' },

  async handle({ caller: application, path: { userId, id } }, { trustedBrowsers }) {
    await trustedBrowsers.revoke(application.id, userId, id);
  },
});
