// Namespace `/device` (contract section 6): prompts to whoever can answer them, and their answers.
import type { Devices } from '../app/devices.ts';
import type { Snapshot, Verifications } from '../app/verifications.ts';
import { rfc3339, viewPrompt } from '../app/views.ts';
import { ProblemError } from '../core/errors.ts';
import { isPending } from '../core/verification.ts';
import type { Hint } from '../ports/bus.ts';
import type { DeviceRecord } from '../ports/records.ts';
import type { Metrics } from '../ports/runtime.ts';
import { nothing } from '../wire/verification-calls.ts';
import { decisionRequest } from '../wire/prompts.ts';
import { createDeviceConnection } from './device-connection.ts';
import type { DeviceRegistry } from './device-registry.ts';
import { onNothing, onPayload, routeEvents, type EventHandlers, type RouterDeps } from './event-router.ts';
import { guardNamespace, type HandshakeDeps } from './handshakes.ts';
import type { HubNamespace, HubSocket } from './socket-types.ts';

export interface DeviceNamespaceDeps extends RouterDeps, HandshakeDeps {
  devices: Pick<Devices, 'authenticate' | 'isActive'>;
  verifications: Pick<Verifications, 'prompts' | 'acknowledge' | 'decide'>;
  registry: DeviceRegistry;
  metrics: Pick<Metrics, 'socketOpened' | 'socketClosed'>;
}

export interface DeviceNamespace {
  onHint(hint: Hint): void;
}

export function openDeviceNamespace(namespace: HubNamespace, deps: DeviceNamespaceDeps): DeviceNamespace {
  guardNamespace(
    namespace,
    deps,
    (token) => deps.devices.authenticate(token),
    (socket, device) => welcome(socket, device, deps),
  );
  return { onHint: (hint) => passOn(hint, deps.registry) };
}

function welcome(socket: HubSocket, device: DeviceRecord, deps: DeviceNamespaceDeps): void {
  const connection = createDeviceConnection(socket, device, deps);
  // First in the registry, then the read: a prompt made in between comes by either way, or both.
  deps.registry.add(connection)?.end();
  deps.metrics.socketOpened('device');
  socket.once('disconnect', () => {
    deps.registry.remove(connection);
    deps.metrics.socketClosed('device');
  });
  routeEvents(socket, deviceEvents(device, connection.end, deps), deps);
  void connection.sendPending();
}

function deviceEvents(
  device: DeviceRecord,
  end: () => void,
  { verifications, devices }: DeviceNamespaceDeps,
): EventHandlers {
  return new Map([
    [
      'decide',
      // Whether the device is still enrolled is part of the decision's own atomic write.
      onPayload(decisionRequest, async ({ decision }) => {
        const { verification, now } = await verifications.decide(device, decision);
        return { status: verification.status, serverTime: rfc3339(now) };
      }),
    ],
    [
      'prompts',
      onNothing(nothing, async () => {
        if (!(await devices.isActive(device.id))) {
          // After the answer, which says why.
          setImmediate(end);
          throw new ProblemError('unauthenticated', 'This device has been removed. Enroll it again.');
        }
        const { prompts, now } = await verifications.prompts(device);
        return { prompts, serverTime: rfc3339(now) };
      }),
    ],
  ]);
}

/** One hint costs as much as the user has sockets here: the node that holds them sends to each, and takes its acknowledgement. */
function passOn(hint: Hint, registry: DeviceRegistry): void {
  if (hint.type === 'prompt') show(hint, registry);
  if (hint.type === 'closed') {
    const { id, rev, status, applicationId, userId } = hint.verification;
    for (const connection of registry.ofUser(applicationId, userId)) connection.takeDown({ id, rev, status });
  }
  if (hint.type === 'device-revoked') {
    for (const connection of registry.ofUser(hint.applicationId, hint.userId)) {
      if (connection.device.id === hint.deviceId) connection.end();
    }
  }
}

function show({ verification, now }: Snapshot, registry: DeviceRegistry): void {
  if (!isPending(verification) || !verification.promptable) return;
  const connections = registry.ofUser(verification.applicationId, verification.userId);
  if (connections.length === 0) return;
  const prompt = viewPrompt(verification, now);
  for (const connection of connections) connection.show(prompt);
}
