// POST /v1/devices: a phone enrolls with its token and proves that it holds its keys (contract section 5).
import { rfc3339 } from '../../app/views.ts';
import { enrollDeviceReply, enrollDeviceRequest } from '../../wire/devices.ts';
import { endpoint } from '../endpoint.ts';

export const enrollDevice = endpoint({
  operation: 'enrollDevice',
  summary: 'Enroll a device',
  caller: 'enrolling-app',
  takes: { body: enrollDeviceRequest },
  gives: { status: 201, text: 'Enrolled; the same token and key get the same answer again', schema: enrollDeviceReply },

  async handle({ caller: token, body }, { devices }) {
    const { device, application, now } = await devices.enroll(token, body);
    return {
      deviceId: device.id,
      userId: device.userId,
      application: { id: application.id, name: application.name },
      serverTime: rfc3339(now),
    };
  },
});
