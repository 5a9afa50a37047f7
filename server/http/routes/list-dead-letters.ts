// GET /v1/webhooks/dead-letters: webhooks of this application that were given up.
import { viewDeadLetter } from '../../app/dead-letters.ts';
import { rfc3339 } from '../../app/views.ts';
import { deadLetterListReply, deadLettersQuery } from '../../wire/webhooks.ts';
import { endpoint } from '../endpoint.ts';

export const listDeadLetters = endpoint({
  operation: 'listDeadLetters',
  summary: 'Webhooks that were given up',
  caller: 'relying-party',
  takes: { query: deadLettersQuery },
  gives: { status: 200, text: 'Oldest first; each is kept for seven days', schema: deadLetterListReply },

  async handle({ caller: application, query: { limit = 50, cursor } }, { deadLetters }) {
    const from = cursor === undefined ? {} : { cursor };
    const { now, total, next, ...page } = await deadLetters.list({ applicationId: application.id, limit, ...from });
    return {
      deadLetters: page.deadLetters.map(viewDeadLetter),
      total,
      ...(next === undefined ? {} : { next }),
      serverTime: rfc3339(now),
    };
  },
});
