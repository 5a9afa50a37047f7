// DELETE /v1/device/trusted-browsers/{id}: the person trusts a browser no longer.
import { trustedBrowserPath } from '../../wire/ids.ts';
import { endpoint } from '../endpoint.ts';

export const deleteOwnTrustedBrowser = endpoint({
  operation: 'deleteOwnTrustedBrowser',
  summary: "Trust a browser of the device's user no longer",
  caller: 'device',
  takes: { path: trustedBrowserPath },
  gives: { status: 204, text: 'Revoked' },

  async handle({ caller: { applicationId, userId }, path: { id } }, { trustedBrowsers }) {
    await trustedBrowsers.revoke(applicationId, userId, id);
  },
});
