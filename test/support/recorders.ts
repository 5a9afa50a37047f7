// A log and metrics that a test reads.
import type { Logger, Metrics } from '../../server/ports/runtime.ts';

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

export interface Measured {
  name: keyof Metrics;
  values: readonly unknown[];
}

export function createRecordingLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']): Logger['info'] =>
    (fields, message) =>
      void lines.push({ level, message, fields });
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

export function createRecordingMetrics(): { metrics: Metrics; measured: Measured[] } {
  const measured: Measured[] = [];
  const count =
    (name: keyof Metrics) =>
    (...values: unknown[]): void =>
      void measured.push({ name, values });
  const metrics: Metrics = {
    verificationCreated: count('verificationCreated'),
    verificationEnded: count('verificationEnded'),
    approved: count('approved'),
    stepStarted: count('stepStarted'),
    stepMissed: count('stepMissed'),
    acknowledged: count('acknowledged'),
    attempt: count('attempt'),
    pushTokenQuarantined: count('pushTokenQuarantined'),
    breakerMoved: count('breakerMoved'),
    nextWorkSeen: count('nextWorkSeen'),
    smsRefused: count('smsRefused'),
    smsConverted: count('smsConverted'),
    smsAlarm: count('smsAlarm'),
    webhookGivenUp: count('webhookGivenUp'),
    outboxSeen: count('outboxSeen'),
    deadLettersSeen: count('deadLettersSeen'),
    dueLate: count('dueLate'),
    commitConflict: count('commitConflict'),
    workerFailed: count('workerFailed'),
    socketOpened: count('socketOpened'),
    socketClosed: count('socketClosed'),
    request: count('request'),
  };
  return { metrics, measured };
}
