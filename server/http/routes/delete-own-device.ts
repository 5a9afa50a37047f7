// DELETE /v1/device: the app signs off for good.
import { endpoint } from '../endpoint.ts';

export const deleteOwnDevice = endpoint({
  operation: 'deleteOwnDevice',
  summary: 'Remove this device',
  caller: 'device',
  gives: { status: 204, text: 'Removed' },

  async handle({ caller: { id, applicationId, userId } }, { devices }) {
    await devices.revoke(applicationId, userId, id);
  },
});
