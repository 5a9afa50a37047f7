// POST /v1/webhooks/dead-letters/{id}/replay: sends a webhook that was given up once more.
import { deadLetterPath } from '../../wire/webhooks.ts';
import { endpoint } from '../endpoint.ts';

export const replayDeadLetter = endpoint({
  operation: 'replayDeadLetter',
  summary: 'Send a webhook that was given up once more',
  caller: 'relying-party',
  takes: { path: deadLetterPath },
  gives: { status: 204, text: 'It is tried for another day, under the same id' },

  async handle({ caller: application, path: { id } }, { deadLetters }) {
    await deadLetters.replay(id, application.id);
  },
});
