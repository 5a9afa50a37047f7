// The metrics table: its names follow Prometheus' conventions, and every domain event ends up in it.
import { expect } from 'chai';
import { createMetrics, metricsTable } from '../../server/telemetry/metrics.ts';

async function bodyAfter(events: (metrics: ReturnType<typeof createMetrics>['metrics']) => void): Promise<string[]> {
  const { metrics, render } = createMetrics({ process: false });
  events(metrics);
  return (await render()).body.split('\n');
}

describe('the metrics table', () => {
  for (const [name, row] of Object.entries(metricsTable)) {
    it(`${name} is named as promtool wants it`, () => {
      expect(name).to.match(/^verihub_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).to.equal(row.type === 'counter');
      expect(name).not.to.match(/milli|_ms\b|_minutes|_bucket$|_count$|_sum$|_info$|counter|gauge|histogram/);
      if (row.type === 'histogram') expect(name).to.match(/_seconds$/);
      expect(row.help).to.match(/^[A-Z].*\.$/);
    });

    it(`${name} has buckets that rise`, () => {
      const buckets: readonly number[] = 'buckets' in row ? row.buckets : [];
      expect(buckets).to.deep.equal([...new Set(buckets)].toSorted((a, b) => a - b));
      expect(buckets.length > 0).to.equal(row.type === 'histogram');
    });
  }
});

describe('the metrics', () => {
  const cases: [what: string, events: Parameters<typeof bodyAfter>[0], lines: string[]][] = [
    ['a creation', (m) => m.verificationCreated(), ['verihub_verifications_created_total 1']],
    [
      'an end',
      (m) => m.verificationEnded('approved', 1500),
      [
        'verihub_verifications_ended_total{status="approved"} 1',
        'verihub_verifications_ended_total{status="denied"} 0',
        'verihub_verification_duration_seconds_sum{status="approved"} 1.5',
        'verihub_verification_duration_seconds_bucket{le="1",status="approved"} 0',
        'verihub_verification_duration_seconds_bucket{le="2",status="approved"} 1',
      ],
    ],
    ['an approval', (m) => m.approved('sms-code'), ['verihub_verifications_approved_total{method="sms-code"} 1']],
    [
      'a step, with every other cause at zero',
      (m) => m.stepStarted('push', 'unacknowledged'),
      [
        'verihub_delivery_steps_started_total{step="push",cause="unacknowledged"} 1',
        'verihub_delivery_steps_started_total{step="sms",cause="failed"} 0',
      ],
    ],
    [
      'a step that was missed',
      (m) => m.stepMissed('push', 'no-push-token'),
      ['verihub_delivery_steps_missed_total{step="push",reason="no-push-token"} 1'],
    ],
    ['push tokens put aside', (m) => m.pushTokenQuarantined(), ['verihub_push_tokens_quarantined_total 1']],
    [
      'breakers that open and close',
      (m) => {
        m.breakerMoved('webhook', true);
        m.breakerMoved('webhook', true);
        m.breakerMoved('webhook', false);
      },
      [
        'verihub_open_breakers{channel="webhook"} 1',
        'verihub_breakers_opened_total{channel="webhook"} 2',
        'verihub_open_breakers{channel="push"} 0',
      ],
    ],
    [
      'an acknowledgement',
      (m) => m.acknowledged('socket', 20),
      ['verihub_acknowledgement_duration_seconds_sum{step="socket"} 0.02'],
    ],
    [
      'an attempt',
      (m) => m.attempt('sms', 'throttled', 250),
      [
        'verihub_delivery_attempts_total{channel="sms",outcome="throttled"} 1',
        'verihub_delivery_attempts_total{channel="push",outcome="misconfigured"} 0',
        'verihub_delivery_attempt_duration_seconds_sum{channel="sms"} 0.25',
      ],
    ],
    [
      'webhooks that are given up',
      (m) => m.webhookGivenUp('expired'),
      [
        'verihub_webhooks_given_up_total{cause="expired"} 1',
        'verihub_webhooks_given_up_total{cause="rejected"} 0',
        'verihub_dead_letters 0',
      ],
    ],
    [
      'what the outbox holds, as it was seen last',
      (m) => {
        m.outboxSeen('webhook', 9, 90_000);
        m.outboxSeen('webhook', 2, 1_500);
        m.outboxSeen('sms', 1, -5);
        m.deadLettersSeen(4);
      },
      [
        'verihub_outbox_messages{topic="webhook"} 2',
        'verihub_outbox_oldest_age_seconds{topic="webhook"} 1.5',
        'verihub_outbox_oldest_age_seconds{topic="sms"} 0',
        'verihub_outbox_messages{topic="push"} 0',
        'verihub_dead_letters 4',
      ],
    ],
    [
      'SMS that were refused, that led to an approval, and that the operator was told of',
      (m) => {
        m.smsRefused('fraud-guard');
        m.smsConverted();
        m.smsAlarm('low-conversion');
      },
      [
        'verihub_sms_refused_total{reason="fraud-guard"} 1',
        'verihub_sms_refused_total{reason="budget"} 0',
        'verihub_sms_conversions_total 1',
        'verihub_sms_alarms_total{alarm="low-conversion"} 1',
      ],
    ],
    ['lateness', (m) => m.dueLate(100), ['verihub_due_lateness_seconds_sum 0.1']],
    ['a conflict', (m) => m.commitConflict('fenced'), ['verihub_commit_conflicts_total{conflict="fenced"} 1']],
    ['a worker failure', (m) => m.workerFailed('push'), ['verihub_worker_failures_total{worker="push"} 1']],
    [
      'sockets that come and go',
      (m) => {
        m.socketOpened('device');
        m.socketOpened('device');
        m.socketClosed('device');
      },
      ['verihub_open_sockets{namespace="device"} 1', 'verihub_open_sockets{namespace="browser"} 0'],
    ],
    [
      'a request',
      (m) => m.request('/v1/verifications', 'POST', 201, 12),
      ['verihub_http_request_duration_seconds_count{route="/v1/verifications",method="POST",status="201"} 1'],
    ],
    [
      'a time that two clocks made negative counts as none',
      (m) => m.dueLate(-100),
      ['verihub_due_lateness_seconds_sum 0', 'verihub_due_lateness_seconds_count 1'],
    ],
  ];
  for (const [what, events, lines] of cases) {
    it(`show ${what}`, async () => expect(await bodyAfter(events)).to.include.members(lines));
  }

  it('show for how long due work has waited, growing while nobody looks', async () => {
    let monotonic = 1_000;
    const { metrics, render } = createMetrics({ process: false, clock: { monotonic: () => monotonic } });
    const age = async (queue: string) =>
      (await render()).body.match(`verihub_oldest_due_age_seconds\\{queue="${queue}"\\} (.*)`)?.[1];
    expect(await age('outbox')).to.equal('0');
    metrics.nextWorkSeen('verifications', 50_000, 53_000);
    metrics.nextWorkSeen('outbox', 50_000, 49_000);
    expect([await age('verifications'), await age('outbox')]).to.deep.equal(['0', '1']);
    monotonic += 5_000;
    expect([await age('verifications'), await age('outbox')]).to.deep.equal(['2', '6']);
    metrics.nextWorkSeen('outbox', 50_000, undefined);
    expect(await age('outbox')).to.equal('0');
  });

  it('show whether the node is ready, asked at each reading', async () => {
    let isReady = true;
    const { render } = createMetrics({ process: false, isReady: async () => isReady });
    expect((await render()).body).to.include('verihub_ready 1');
    isReady = false;
    expect((await render()).body).to.include('verihub_ready 0');
  });

  it('are apart for two hubs in one process', async () => {
    const [one, two] = [createMetrics({ process: false }), createMetrics({ process: false })];
    one.metrics.verificationCreated();
    expect((await two.render()).body).to.include('verihub_verifications_created_total 0');
  });

  it('come in the text format, with the process and its event-loop lag', async () => {
    const { contentType, body } = await createMetrics().render();
    expect(contentType).to.match(/^text\/plain; version=0\.0\.4/);
    expect(body).to.include('process_resident_memory_bytes').and.include('nodejs_eventloop_lag_p99_seconds');
    const types = body.split('\n').filter((line) => line.startsWith('# TYPE '));
    for (const type of types) expect(type).to.match(/_total counter$|(?<!_total) (gauge|histogram)$/);
  });
});
