// DELETE /v1/users/{userId}/devices/{deviceId}: revokes a device; its sockets close within 5 s.
import { userDevicePath } from '../../wire/ids.ts';
import { endpoint } from '../endpoint.ts';

export const deleteDevice = endpoint({
  operation: 'deleteDevice',
  summary: 'Revoke a device',
  caller: 'relying-party',
  takes: { path: userDevicePath },
  gives: { status: 204, text: 'Revoked' },

  async handle({ caller: application, path: { userId, deviceId } }, { devices }) {
    await devices.revoke(application.id, userId, deviceId);
  },
});
