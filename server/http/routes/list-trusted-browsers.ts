// GET /v1/users/{userId}/trusted-browsers
import { rfc3339, viewTrustedBrowser } from '../../app/views.ts';
import { userPath } from '../../wire/ids.ts';
import { trustedBrowserListReply } from '../../wire/trusted-browsers.ts';
import { endpoint } from '../endpoint.ts';

export const listTrustedBrowsers = endpoint({
  operation: 'listTrustedBrowsers',
  summary: "List a user's trusted browsers",
  caller: 'relying-party',
  takes: { path: userPath },
  gives: { status: 200, text: 'Those that are trusted now', schema: trustedBrowserListReply },

  async handle({ caller: application, path: { userId } }, { trustedBrowsers }) {
    const { browsers, now } = await trustedBrowsers.list(application.id, userId);
    return { trustedBrowsers: browsers.map(viewTrustedBrowser), serverTime: rfc3339(now) };
  },
});
