// An FCM channel and the simulator it talks to, for one test.
import { createFcmChannel, type FcmDeps } from '../../server/channels/fcm.ts';
import type { ConfigurationFault } from '../../server/channels/fcm-faults.ts';
import type { PushMessage } from '../../server/ports/channel.ts';
import { createFakeClock, type FakeClock } from './clock.ts';
import { startFcmSimulator, type FcmSimulator, type SimulatorOptions } from './fcm-simulator.ts';
import { createRecordingLogger, type LogLine } from './recorders.ts';

/** 2026-10-21T07:28:00Z */
export const sceneStart = Date.UTC(2026, 9, 21, 7, 28, 0);

export interface FcmScene extends AsyncDisposable {
  fcm: FcmSimulator;
  channel: ReturnType<typeof createFcmChannel>;
  clock: FakeClock;
  /** What the operator was told. */
  faults: ConfigurationFault[];
  lines: LogLine[];
}

export async function openFcmScene(
  deps: Partial<FcmDeps> | ((fcm: FcmSimulator) => Partial<FcmDeps>) = {},
  options: SimulatorOptions = {},
): Promise<FcmScene> {
  const fcm = await startFcmSimulator(options);
  const { logger, lines } = createRecordingLogger();
  const clock = createFakeClock(sceneStart);
  const faults: ConfigurationFault[] = [];
  const channel = createFcmChannel({
    projectId: 'sim',
    endpoint: fcm.origin,
    clock,
    logger,
    onConfigurationFault: (fault) => void faults.push(fault),
    ...(typeof deps === 'function' ? deps(fcm) : deps),
  });
  return {
    fcm,
    channel,
    clock,
    faults,
    lines,
    async [Symbol.asyncDispose]() {
      channel.close();
      await fcm[Symbol.asyncDispose]();
    },
  };
}

export function push(overrides: Partial<PushMessage> = {}): PushMessage {
  return {
    dedupeId: 'msg_1',
    verificationId: 'ver_0199f3a0b1c27def8123456789abcdefa7',
    token: 'phone-1',
    platform: 'android',
    jwe: 'eyJhbGciOiJFQ0RILUVTIn0..aXY.Y2lwaGVydGV4dA.dGFn',
    ttlMs: 271_500,
    ...overrides,
  };
}
