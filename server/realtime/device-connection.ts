// One device's socket: what is sent to it, and what its acknowledgements mean.
import type { Verifications } from '../app/verifications.ts';
import type { Logger } from '../ports/runtime.ts';
import type { ClosedEvent, PromptView } from '../../client-sdk/protocol.ts';
import type { DeviceRecord } from '../ports/records.ts';
import { isRefusal } from '../wire/problem.ts';
import type { RealtimeLimits } from './realtime-settings.ts';
import type { HubSocket } from './socket-types.ts';

/** Plain data: ten thousand phones hold one each. */
export interface DeviceConnection {
  readonly socket: HubSocket;
  readonly device: DeviceRecord;
  unacknowledged: number;
  /** While the store is read: ids and revs heard of meanwhile, which are newer than what the read will bring. */
  heard: Map<string, number> | undefined;
}

export interface DeviceConnectionDeps {
  verifications: Pick<Verifications, 'prompts' | 'acknowledge'>;
  logger: Logger;
  limits: Pick<RealtimeLimits, 'unacknowledgedPrompts'>;
}

export function showPrompt(connection: DeviceConnection, prompt: PromptView, deps: DeviceConnectionDeps): void {
  connection.heard?.set(prompt.id, prompt.rev);
  send(connection, prompt, deps);
}

export function takeDown(connection: DeviceConnection, closed: ClosedEvent): void {
  connection.heard?.set(closed.id, closed.rev);
  connection.socket.emit('closed', closed);
}

/** For good: the client is told not to come back. */
export function endConnection({ socket, device }: DeviceConnection, logger: Logger): void {
  logger.info({ deviceId: device.id }, 'a device was disconnected for good');
  socket.disconnect(true);
}

/** Everything that waits for this device's user, as the store has it. Never rejects. */
export async function sendPending(connection: DeviceConnection, deps: DeviceConnectionDeps): Promise<void> {
  const { socket, device } = connection;
  const heard = new Map<string, number>();
  connection.heard = heard;
  try {
    const { prompts } = await deps.verifications.prompts(device);
    for (const prompt of prompts) if ((heard.get(prompt.id) ?? 0) < prompt.rev) send(connection, prompt, deps);
  } catch (error) {
    deps.logger.debug(
      { deviceId: device.id, error },
      'pending prompts could not be read; the device shall connect again',
    );
    socket.conn.close();
  } finally {
    connection.heard = undefined;
  }
}

function send(connection: DeviceConnection, prompt: PromptView, deps: DeviceConnectionDeps): void {
  connection.unacknowledged += 1;
  const { socket, unacknowledged } = connection;
  // It is connected, yet takes nothing in: it shall connect again, which also frees what waits for its answers.
  if (unacknowledged > deps.limits.unacknowledgedPrompts) socket.conn.close();
  else socket.emit('prompt', prompt, () => void acknowledge(connection, prompt.id, deps));
}

/** However late it comes: the use case knows what it is still good for. */
async function acknowledge(connection: DeviceConnection, id: string, deps: DeviceConnectionDeps): Promise<void> {
  const { device } = connection;
  connection.unacknowledged -= 1;
  try {
    await deps.verifications.acknowledge(device, id, 'socket');
  } catch (error) {
    const fields = { deviceId: device.id, verificationId: id, error };
    if (isRefusal(error)) deps.logger.debug(fields, 'an acknowledgement came too late or could not be stored');
    else deps.logger.error(fields, 'an acknowledgement failed');
  }
}
