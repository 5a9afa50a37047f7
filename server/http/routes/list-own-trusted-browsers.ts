// GET /v1/device/trusted-browsers: the person sees which browsers skip the prompt.
import { rfc3339, viewTrustedBrowser } from '../../app/views.ts';
import { trustedBrowserListReply } from '../../wire/trusted-browsers.ts';
import { endpoint } from '../endpoint.ts';

export const listOwnTrustedBrowsers = endpoint({
  operation: 'listOwnTrustedBrowsers',
  summary: "List the trusted browsers of the device's user",
  caller: 'device',
  gives: { status: 200, text: 'Those that are trusted now', schema: trustedBrowserListReply },

  async handle({ caller: { applicationId, userId } }, { trustedBrowsers }) {
    const { browsers, now } = await trustedBrowsers.list(applicationId, userId);
    return { trustedBrowsers: browsers.map(viewTrustedBrowser), serverTime: rfc3339(now) };
  },
});
