// GET /readyz: this node may be sent work: the store answers and it is not going away.
import { ProblemError } from '../../core/errors.ts';
import { healthReply } from '../../wire/process.ts';
import { endpoint } from '../endpoint.ts';

export const getReadiness = endpoint({
  operation: 'getReadiness',
  summary: 'Whether this node may be sent work',
  caller: 'anyone',
  gives: { status: 200, text: 'It may', schema: healthReply },
  problems: ['store-unavailable', 'draining'],

  async handle(_request, { health }) {
    const readiness = await health.ready();
    if (readiness.ok) return { status: 'ok' as const };
    if (readiness.because === 'draining') {
      throw new ProblemError('draining', 'This node is going away; ask another.', { retryAfter: 1 });
    }
    throw new ProblemError('store-unavailable', `Not ready: ${readiness.because}.`, { retryAfter: 1 });
  },
});
