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
import { endConnection, sendPending, showPrompt, takeDown, type DeviceConnection } from './device-connection.ts';
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
  const handlers = deviceEvents(deps);
  guardNamespace(namespace, deps, {
    recognise: (token) => deps.devices.authenticate(token),
    welcome: (socket, device) => welcome(socket, device, handlers, deps),
  });
  return { onHint: (hint) => passOn(hint, deps) };
}

/** The answer is called when the socket has gone. */
function welcome(
  socket: HubSocket,
  device: DeviceRecord,
  handlers: EventHandlers<DeviceConnection>,
  deps: DeviceNamespaceDeps,
): () => void {
  const { registry, metrics, logger } = deps;
  const connection: DeviceConnection = { socket, device, unacknowledged: 0, heard: undefined };
  // First in the registry, then the read: a prompt made in between comes by either way, or both.
  const surplus = registry.add(connection);
  if (surplus !== undefined) endConnection(surplus, logger);
  metrics.socketOpened('device');
  routeEvents(socket, connection, handlers, deps);
  void sendPending(connection, deps);
  return () => {
    registry.remove(connection);
    metrics.socketClosed('device');
  };
}

function deviceEvents({ verifications, devices, logger }: DeviceNamespaceDeps): EventHandlers<DeviceConnection> {
  return new Map([
    [
      'decide',
      // Whether the device is still enrolled is part of the decision's own atomic write.
      onPayload(decisionRequest, async ({ device }, { decision }) => {
        const { verification, now } = await verifications.decide(device, decision);
        return { status: verification.status, serverTime: rfc3339(now) };
      }),
    ],
    [
      'prompts',
      onNothing(nothing, async (connection) => {
        const { device } = connection;
        if (!(await devices.isActive(device.id))) {
          // After the answer, which says why.
          setImmediate(endConnection, connection, logger);
          throw new ProblemError('unauthenticated', 'This device has been removed. Enroll it again.');
        }
        const { prompts, now } = await verifications.prompts(device);
        return { prompts, serverTime: rfc3339(now) };
      }),
    ],
  ]);
}

/** One hint costs as much as the user has sockets here: the node that holds them sends to each, and takes its acknowledgement. */
function passOn(hint: Hint, deps: DeviceNamespaceDeps): void {
  const { registry, logger } = deps;
  if (hint.type === 'prompt') show(hint, deps);
  if (hint.type === 'closed') {
    const { id, rev, status, applicationId, userId } = hint.verification;
    for (const connection of registry.ofUser(applicationId, userId)) takeDown(connection, { id, rev, status });
  }
  if (hint.type === 'device-revoked') {
    for (const connection of registry.ofUser(hint.applicationId, hint.userId)) {
      if (connection.device.id === hint.deviceId) endConnection(connection, logger);
    }
  }
}

function show({ verification, now }: Snapshot, deps: DeviceNamespaceDeps): void {
  if (!isPending(verification) || !verification.promptable) return;
  const connections = deps.registry.ofUser(verification.applicationId, verification.userId);
  if (connections.length === 0) return;
  const prompt = viewPrompt(verification, now);
  for (const connection of connections) showPrompt(connection, prompt, deps);
}
