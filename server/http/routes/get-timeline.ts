// GET /v1/verifications/{id}/timeline: everything that happened to it, in order.
import { rfc3339, viewTimelineEntry } from '../../app/views.ts';
import { verificationPath } from '../../wire/ids.ts';
import { timelineReply } from '../../wire/verification.ts';
import { endpoint } from '../endpoint.ts';

export const getTimeline = endpoint({
  operation: 'getTimeline',
  summary: 'Every attempt, receipt and transition, with times',
  caller: 'relying-party',
  takes: { path: verificationPath },
  gives: { status: 200, text: 'In order', schema: timelineReply },

  async handle({ caller: application, path: { id } }, { verifications }) {
    const { entries, now } = await verifications.timeline(application, id);
    return { timeline: entries.map(viewTimelineEntry), serverTime: rfc3339(now) };
  },
});
