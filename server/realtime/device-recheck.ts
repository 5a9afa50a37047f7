// Is every connected device still enrolled? Asked at a constant pace, in case the hint of a revocation was lost (contract section 3).
import type { Devices } from '../app/devices.ts';
import type { Clock, Logger } from '../ports/runtime.ts';
import { endConnection, type DeviceConnection } from './device-connection.ts';
import type { DeviceRegistry } from './device-registry.ts';

/** Each tick asks for its share, so that the load is even. */
const tickMs = 250;

interface Needs {
  registry: Pick<DeviceRegistry, 'users'>;
  devices: Pick<Devices, 'isActive'>;
  clock: Pick<Clock, 'after'>;
  logger: Logger;
  /** Every device is asked for once in this time; milliseconds. */
  recheckMs: number;
}

/** The answer ends the rounds. */
export function startRecheck({ registry, devices, clock, logger, recheckMs }: Needs): () => void {
  let round: (readonly DeviceConnection[])[] = [];
  let share = 0;

  const check = async (deviceId: string, connections: readonly DeviceConnection[]): Promise<void> => {
    try {
      if (await devices.isActive(deviceId)) return;
      for (const connection of connections) if (connection.device.id === deviceId) endConnection(connection, logger);
    } catch (error) {
      logger.debug({ error }, 'a connected device could not be looked up; the next round tries again');
    }
  };

  const tick = (): void => {
    if (round.length === 0) {
      round = [...registry.users()];
      share = Math.ceil((round.length * tickMs) / recheckMs);
    }
    for (const connections of round.splice(0, share)) {
      for (const id of new Set(connections.map(({ device }) => device.id))) void check(id, connections);
    }
    cancel = clock.after(tickMs, tick);
  };
  let cancel = clock.after(tickMs, tick);
  return () => cancel();
}
