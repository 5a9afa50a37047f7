// GET /v1/users/{userId}/devices
import { rfc3339, viewDevice } from '../../app/views.ts';
import { deviceListReply } from '../../wire/devices.ts';
import { userPath } from '../../wire/ids.ts';
import { endpoint } from '../endpoint.ts';

export const listDevices = endpoint({
  operation: 'listDevices',
  summary: "List a user's devices",
  caller: 'relying-party',
  takes: { path: userPath },
  gives: { status: 200, text: 'Enrolled devices, oldest first', schema: deviceListReply },

  async handle({ caller: application, path: { userId } }, { devices }) {
    const listed = await devices.list(application.id, userId);
    return { devices: listed.devices.map(viewDevice), serverTime: rfc3339(listed.now) };
  },
});
