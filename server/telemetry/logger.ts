// The log: one JSON object a line, on which JSON itself encodes line breaks and escape sequences, with secrets blanked.
import { destination as openDestination, pino } from 'pino';
import type { Logger } from '../ports/runtime.ts';
import { scrubFields, scrubText } from './redaction.ts';

export interface LogDestination {
  /** One line, its line break included. */
  write(line: string): void;
}

export interface LoggerOptions {
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Standard output when left out. */
  destination?: LogDestination;
}

/** Field names that are the log's own. */
const taken = new Set(['level', 'time', 'msg']);

export function createLogger({ level, destination = openStandardOutput() }: LoggerOptions): Logger {
  const log = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Errors arrive here as plain, scrubbed data; pino's own serializer would dress them again.
      serializers: { err: (value: unknown) => value },
    },
    destination,
  );
  const at =
    (label: 'debug' | 'info' | 'warn' | 'error'): Logger[typeof label] =>
    (fields, message) => {
      if (!log.isLevelEnabled(label)) return;
      log[label](ownNames(scrubFields(fields)), '%s', scrubText(message));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Synchronous, so that the last lines before a crash are there. A full disk must cost lines, never the hub or its memory. */
function openStandardOutput(): LogDestination {
  const output = openDestination({ dest: 1, sync: true, maxLength: 1_048_576 });
  output.on('error', () => {});
  return output;
}

function ownNames(fields: Record<string, unknown>): Record<string, unknown> {
  if (!Object.keys(fields).some((name) => taken.has(name))) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [taken.has(name) ? `${name}_` : name, value]),
  );
}
