// Which devices hold a socket on this node: the answer to who is online, and where a prompt goes.
import type { Presence } from '../ports/bus.ts';
import { userKey } from '../ports/records.ts';
import type { DeviceConnection } from './device-connection.ts';

export interface DeviceRegistry {
  /** Answers the connection that has to go for it: the device's oldest, when it has too many. */
  add(connection: DeviceConnection): DeviceConnection | undefined;
  remove(connection: DeviceConnection): void;
  ofUser(applicationId: string, userId: string): readonly DeviceConnection[];
  /** Every user of whom a device is connected, for going round. */
  users(): IterableIterator<readonly DeviceConnection[]>;
  readonly presence: Presence;
}

/** Small lists by user: a person has few devices, a node has many persons. */
export function createDeviceRegistry(socketsPerDevice: number): DeviceRegistry {
  const byUser = new Map<string, readonly DeviceConnection[]>();
  const keyOf = ({ device }: DeviceConnection): string => userKey(device.applicationId, device.userId);
  const ofUser: DeviceRegistry['ofUser'] = (applicationId, userId) => byUser.get(userKey(applicationId, userId)) ?? [];

  return {
    add: (connection) => {
      const key = keyOf(connection);
      const others = byUser.get(key) ?? [];
      byUser.set(key, [...others, connection]);
      const same = others.filter(({ device }) => device.id === connection.device.id);
      return same.length >= socketsPerDevice ? same[0] : undefined;
    },
    remove: (connection) => {
      const key = keyOf(connection);
      const rest = (byUser.get(key) ?? []).filter((other) => other !== connection);
      if (rest.length === 0) byUser.delete(key);
      else byUser.set(key, rest);
    },
    ofUser,
    users: () => byUser.values(),
    presence: {
      connectedDevices: async (applicationId, userId) => [
        ...new Set(ofUser(applicationId, userId).map(({ device }) => device.id)),
      ],
    },
  };
}
