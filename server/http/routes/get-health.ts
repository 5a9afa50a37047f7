// GET /healthz: the event loop turns.
import { ProblemError } from '../../core/errors.ts';
import { healthReply } from '../../wire/process.ts';
import { endpoint } from '../endpoint.ts';

export const getHealth = endpoint({
  operation: 'getHealth',
  summary: 'Whether the process lives',
  caller: 'anyone',
  gives: { status: 200, text: 'It does', schema: healthReply },
  problems: ['internal'],

  async handle(_request, { health }) {
    if (!health.live().ok) throw new ProblemError('internal', 'The event loop is held up.');
    return { status: 'ok' as const };
  },
});
