// One device's socket: what is sent to it, and what its acknowledgements mean.
import type { Verifications } from '../app/verifications.ts';
import type { DeviceRecord } from '../ports/records.ts';
import type { Logger } from '../ports/runtime.ts';
import type { PromptView } from '../../client-sdk/protocol.ts';
import { isRefusal } from '../wire/problem.ts';
import type { DeviceConnection } from './device-registry.ts';
import type { RealtimeLimits } from './realtime-settings.ts';
import type { HubSocket } from './socket-types.ts';

interface Needs {
  verifications: Pick<Verifications, 'prompts' | 'acknowledge'>;
  logger: Logger;
  limits: Pick<RealtimeLimits, 'unacknowledgedPrompts'>;
}

export interface OpenDeviceConnection extends DeviceConnection {
  /** Everything that waits for this device's user, as the store has it. Never rejects. */
  sendPending(): Promise<void>;
}

export function createDeviceConnection(socket: HubSocket, device: DeviceRecord, needs: Needs): OpenDeviceConnection {
  const { verifications, logger, limits } = needs;
  let unacknowledged = 0;
  /** While the store is read: what was heard meanwhile, which is newer than what the read will bring. */
  let heard: Map<string, number> | undefined;

  /** However late it comes: the use case knows what it is still good for. */
  const acknowledged = async (id: string): Promise<void> => {
    unacknowledged -= 1;
    try {
      await verifications.acknowledge(device, id, 'socket');
    } catch (error) {
      const fields = { deviceId: device.id, verificationId: id, error };
      if (isRefusal(error)) logger.debug(fields, 'an acknowledgement came too late or could not be stored');
      else logger.error(fields, 'an acknowledgement failed');
    }
  };

  const send = (prompt: PromptView): void => {
    unacknowledged += 1;
    // It is connected, yet takes nothing in: it shall connect again, which also frees what waits for its answers.
    if (unacknowledged > limits.unacknowledgedPrompts) socket.conn.close();
    else socket.emit('prompt', prompt, () => void acknowledged(prompt.id));
  };

  return {
    device,
    show: (prompt) => {
      heard?.set(prompt.id, prompt.rev);
      send(prompt);
    },
    takeDown: (closed) => {
      heard?.set(closed.id, closed.rev);
      socket.emit('closed', closed);
    },
    end: () => void socket.disconnect(true),
    sendPending: async () => {
      const news = new Map<string, number>();
      heard = news;
      try {
        const { prompts } = await verifications.prompts(device);
        for (const prompt of prompts) if ((news.get(prompt.id) ?? 0) < prompt.rev) send(prompt);
      } catch (error) {
        logger.debug(
          { deviceId: device.id, error },
          'pending prompts could not be read; the device shall connect again',
        );
        socket.conn.close();
      } finally {
        heard = undefined;
      }
    },
  };
}
