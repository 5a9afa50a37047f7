// GET /readyz: this node may be sent work: the store answers and it is not going away.
import { ProblemError } from '../../core/errors.ts';
import { healthReply } from '../../wire/process.ts';
import { endpoint } from '../endpoint.ts';

const reasons = {
  draining: { code: 'draining', detail: 'This node is going away; ask another.' },
  store: { code: 'store-unavailable', detail: 'The store does not answer.' },
  busy: { code: 'store-unavailable', detail: 'This node is held up; ask another.' },
} as const;

export const getReadiness = endpoint({
  operation: 'getReadiness',
  summary: 'Whether this node may be sent work',
  caller: 'anyone',
  gives: { status: 200, text: 'It may', schema: healthReply },
  problems: ['store-unavailable', 'draining'],

  async handle(_request, { health }) {
    const readiness = await health.ready();
    if (readiness.ok) return { status: 'ok' as const };
    const { code, detail } = reasons[readiness.because];
    throw new ProblemError(code, detail, { retryAfter: 1 });
  },
});
