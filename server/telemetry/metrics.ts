// What Prometheus may read of the hub: one table of metrics, and one helper per domain event that feeds it.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock, Metrics } from '../ports/runtime.ts';

export interface MetricsRegistry {
  metrics: Metrics;
  /** For `GET /metrics`. */
  render(): Promise<{ contentType: string; body: string }>;
}

interface Row {
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  /** Each label with the values it is known to take; those series are there from the start, at zero, so that a rate sees their first rise. */
  labels: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds in seconds. */
  buckets?: number[];
}

/** From a local call to a provider's time-out. */
const callSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From an open socket to a phone that was in a tunnel. */
const wakeSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 15, 30, 60, 120, 300];
/** From a tap on an open phone to the longest lifetime. */
const personSeconds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];

const ended = ['approved', 'denied', 'expired', 'canceled', 'undeliverable'] as const;
const steps = ['socket', 'push', 'sms'] as const;
const channels = ['push', 'sms', 'webhook'] as const;
const causes = ['created', 'unacknowledged', 'failed', 'disconnected', 'resend'] as const;
const outcomes = [
  'accepted',
  'throttled',
  'unanswered',
  'not-sent',
  'rejected',
  'recipient-gone',
  'misconfigured',
  'skipped',
] as const;

/** Base units, and suffixes as `promtool check metrics` wants them. Labels take values from closed lists only. */
export const metricsTable = {
  verihub_verifications_created_total: { type: 'counter', help: 'Verifications stored.', labels: {} },
  verihub_verifications_ended_total: {
    type: 'counter',
    help: 'Verifications that ended, by how.',
    labels: { status: ended },
  },
  verihub_verification_duration_seconds: {
    type: 'histogram',
    help: 'From creation to the end.',
    labels: { status: ended },
    buckets: personSeconds,
  },
  verihub_verifications_approved_total: {
    type: 'counter',
    help: 'Verifications that were approved, by how.',
    labels: { method: ['app', 'sms-code', 'trusted-browser'] },
  },
  verihub_delivery_steps_started_total: {
    type: 'counter',
    help: 'Delivery steps begun, by why.',
    labels: { step: steps, cause: causes },
  },
  verihub_delivery_steps_missed_total: {
    type: 'counter',
    help: 'Delivery steps that failed or were skipped, by why.',
    labels: { step: steps, reason: [] },
  },
  verihub_acknowledgement_duration_seconds: {
    type: 'histogram',
    help: 'From the start of a step to the first device that says it has the prompt.',
    labels: { step: steps },
    buckets: wakeSeconds,
  },
  verihub_delivery_attempts_total: {
    type: 'counter',
    help: 'Calls to a provider or webhook, by what came of them.',
    labels: { channel: channels, outcome: outcomes },
  },
  verihub_delivery_attempt_duration_seconds: {
    type: 'histogram',
    help: 'How long a provider or webhook took to answer.',
    labels: { channel: channels },
    buckets: callSeconds,
  },
  verihub_sms_refused_total: {
    type: 'counter',
    help: 'SMS that were not sent, by why.',
    labels: { reason: ['country-not-allowed', 'number-not-allowed', 'budget', 'fraud-guard'] },
  },
  verihub_sms_conversions_total: {
    type: 'counter',
    help: 'Verifications that were approved after an SMS was sent for them.',
    labels: {},
  },
  verihub_sms_alarms_total: {
    type: 'counter',
    help: 'Times the operator was told that SMS look like fraud or reach a limit.',
    labels: { alarm: ['low-conversion', 'limit-reached'] },
  },
  verihub_webhooks_given_up_total: {
    type: 'counter',
    help: 'Webhooks that became dead letters, by why.',
    labels: { cause: ['rejected', 'expired'] },
  },
  verihub_dead_letters: { type: 'gauge', help: 'Dead letters that are kept now.', labels: {} },
  verihub_outbox_messages: {
    type: 'gauge',
    help: 'Messages in the outbox, waiting or on their way.',
    labels: { topic: channels },
  },
  verihub_outbox_oldest_age_seconds: {
    type: 'gauge',
    help: 'How long the oldest message in the outbox has been there.',
    labels: { topic: channels },
  },
  verihub_push_tokens_quarantined_total: {
    type: 'counter',
    help: 'Push tokens put aside because their provider says the app is gone.',
    labels: {},
  },
  verihub_open_breakers: {
    type: 'gauge',
    help: 'Circuit breakers that are open now: of a channel, or of single webhook endpoints.',
    labels: { channel: channels },
  },
  verihub_breakers_opened_total: {
    type: 'counter',
    help: 'Times a circuit breaker opened.',
    labels: { channel: channels },
  },
  verihub_oldest_due_age_seconds: {
    type: 'gauge',
    help: 'For how long the oldest due work has waited to be taken up; grows while nobody looks for work.',
    labels: { queue: ['verifications', 'outbox'] },
  },
  verihub_ready: { type: 'gauge', help: 'Whether this node is ready: 1, or 0 while it is not.', labels: {} },
  verihub_due_lateness_seconds: {
    type: 'histogram',
    help: 'How late due work was begun.',
    labels: {},
    buckets: [0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 3, 5, 10, 60],
  },
  verihub_commit_conflicts_total: {
    type: 'counter',
    help: 'Writes refused by the store.',
    labels: { conflict: ['stale', 'late', 'fenced'] },
  },
  verihub_worker_failures_total: { type: 'counter', help: 'Rounds in which a worker threw.', labels: { worker: [] } },
  verihub_open_sockets: {
    type: 'gauge',
    help: 'Sockets that are open now.',
    labels: { namespace: ['device', 'browser'] },
  },
  verihub_http_request_duration_seconds: {
    type: 'histogram',
    help: 'From the first byte of a request to the end of its answer.',
    labels: { route: [], method: [], status: [] },
    buckets: callSeconds,
  },
} as const satisfies Record<string, Row>;

type MetricName = keyof typeof metricsTable;
type NameOf<T extends Row['type']> = {
  [N in MetricName]: (typeof metricsTable)[N]['type'] extends T ? N : never;
}[MetricName];
type LabelsOf<N extends MetricName> = Record<keyof (typeof metricsTable)[N]['labels'], string>;

/** Gauges of prom-client whose names end in `_total`, which is for counters. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export interface MetricsOptions {
  /** Also memory, CPU, garbage collection and event-loop lag of this process; default true. */
  process?: boolean;
  /** Measures between two looks; default: this machine's. */
  clock?: Pick<Clock, 'monotonic'>;
  /** Asked at each rendering. */
  isReady?: () => Promise<boolean>;
}

export function createMetrics(options: MetricsOptions = {}): MetricsRegistry {
  const registry = new Registry();
  if (options.process !== false) {
    collectDefaultMetrics({ register: registry });
    for (const name of misnamed) registry.removeSingleMetric(name);
  }
  const series = register(registry);
  const { clock = { monotonic: () => performance.now() }, isReady } = options;
  const dueWork = createDueWork(clock);
  return {
    metrics: { ...createEvents(series), nextWorkSeen: dueWork.seen },
    render: async () => {
      for (const [queue, ms] of dueWork.ages()) series.show('verihub_oldest_due_age_seconds', { queue }, ms / 1000);
      if (isReady !== undefined) series.show('verihub_ready', {}, (await isReady()) ? 1 : 0);
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

/** The age is reckoned when it is read: of work that nobody looks for any more it must not stand still. */
function createDueWork(clock: Pick<Clock, 'monotonic'>) {
  const dueAt = new Map<string, number>();
  return {
    seen(this: void, queue: string, now: number, at: number | undefined): void {
      if (at === undefined) dueAt.set(queue, Infinity);
      else dueAt.set(queue, clock.monotonic() + at - now);
    },
    ages: () => [...dueAt].map(([queue, at]): [string, number] => [queue, Math.max(0, clock.monotonic() - at)]),
  };
}

function createEvents(series: ReturnType<typeof register>): Omit<Metrics, 'nextWorkSeen'> {
  const { count, observe, move, show } = series;
  return {
    verificationCreated: () => count('verihub_verifications_created_total', {}),
    verificationEnded(status, afterMs) {
      count('verihub_verifications_ended_total', { status });
      observe('verihub_verification_duration_seconds', { status }, afterMs);
    },
    approved: (method) => count('verihub_verifications_approved_total', { method }),
    stepStarted: (step, cause) => count('verihub_delivery_steps_started_total', { step, cause }),
    stepMissed: (step, reason) => count('verihub_delivery_steps_missed_total', { step, reason }),
    acknowledged: (step, afterMs) => observe('verihub_acknowledgement_duration_seconds', { step }, afterMs),
    attempt(channel, outcome, latencyMs) {
      count('verihub_delivery_attempts_total', { channel, outcome });
      observe('verihub_delivery_attempt_duration_seconds', { channel }, latencyMs);
    },
    smsRefused: (reason) => count('verihub_sms_refused_total', { reason }),
    smsConverted: () => count('verihub_sms_conversions_total', {}),
    smsAlarm: (alarm) => count('verihub_sms_alarms_total', { alarm }),
    webhookGivenUp: (cause) => count('verihub_webhooks_given_up_total', { cause }),
    outboxSeen(topic, waiting, oldestMs) {
      show('verihub_outbox_messages', { topic }, waiting);
      show('verihub_outbox_oldest_age_seconds', { topic }, Math.max(0, oldestMs) / 1000);
    },
    deadLettersSeen: (kept) => show('verihub_dead_letters', {}, kept),
    pushTokenQuarantined: () => count('verihub_push_tokens_quarantined_total', {}),
    breakerMoved(channel, isOpen) {
      move('verihub_open_breakers', { channel }, isOpen ? 1 : -1);
      if (isOpen) count('verihub_breakers_opened_total', { channel });
    },
    dueLate: (lateMs) => observe('verihub_due_lateness_seconds', {}, lateMs),
    commitConflict: (conflict) => count('verihub_commit_conflicts_total', { conflict }),
    workerFailed: (worker) => count('verihub_worker_failures_total', { worker }),
    socketOpened: (namespace) => move('verihub_open_sockets', { namespace }, 1),
    socketClosed: (namespace) => move('verihub_open_sockets', { namespace }, -1),
    request: (route, method, status, durationMs) =>
      observe('verihub_http_request_duration_seconds', { route, method, status: String(status) }, durationMs),
  };
}

/** Puts the table into the registry, and answers the ways to feed it. */
function register(registry: Registry) {
  const registers = [registry];
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, row] of Object.entries<Row>(metricsTable)) {
    const { help, buckets, labels } = row;
    const config = { name, help, labelNames: Object.keys(labels), registers };
    const bounds = buckets === undefined ? {} : { buckets };
    if (row.type === 'counter') counters.set(name, new Counter(config));
    if (row.type === 'gauge') gauges.set(name, new Gauge(config));
    if (row.type === 'histogram') histograms.set(name, new Histogram({ ...config, ...bounds }));
    for (const known of knownLabels(labels)) {
      counters.get(name)?.inc(known, 0);
      gauges.get(name)?.set(known, 0);
      histograms.get(name)?.zero(known);
    }
  }
  return {
    count<N extends NameOf<'counter'>>(this: void, name: N, labels: LabelsOf<N>): void {
      counters.get(name)?.inc(labels);
    },
    move<N extends NameOf<'gauge'>>(this: void, name: N, labels: LabelsOf<N>, by: 1 | -1): void {
      gauges.get(name)?.inc(labels, by);
    },
    show<N extends NameOf<'gauge'>>(this: void, name: N, labels: LabelsOf<N>, value: number): void {
      gauges.get(name)?.set(labels, value);
    },
    /** Clocks of two machines may disagree; a negative time would spoil the sum. */
    observe<N extends NameOf<'histogram'>>(this: void, name: N, labels: LabelsOf<N>, ms: number): void {
      histograms.get(name)?.observe(labels, Math.max(0, ms) / 1000);
    },
  };
}

/** Every series known beforehand: each combination of the values its labels are known to take. */
function knownLabels(labels: Row['labels']): Record<string, string>[] {
  const names = Object.entries(labels);
  if (names.length === 0) return [];
  return names.reduce<Record<string, string>[]>(
    (known, [name, values]) => known.flatMap((series) => values.map((value) => ({ ...series, [name]: value }))),
    [{}],
  );
}
