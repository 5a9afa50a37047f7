// PUT /v1/device/push-token: where push messages for this device go.
import { rfc3339 } from '../../app/views.ts';
import { pushToken, pushTokenReply } from '../../wire/devices.ts';
import { endpoint } from '../endpoint.ts';

export const putPushToken = endpoint({
  operation: 'putPushToken',
  summary: 'Register or replace the push token',
  caller: 'device',
  takes: { body: pushToken },
  gives: { status: 200, text: 'Registered', schema: pushTokenReply },

  async handle({ caller: device, body }, { devices }) {
    return { serverTime: rfc3339(await devices.setPushToken(device, body)) };
  },
});
