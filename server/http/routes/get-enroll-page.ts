// GET /enroll: what someone sees who opens the QR code's link in a browser. The token is in the fragment, which never gets here.
import { plainText } from '../../wire/process.ts';
import { endpoint } from '../endpoint.ts';
import { enrollPage, enrollPagePolicy } from '../enroll-page.ts';

export const getEnrollPage = endpoint({
  operation: 'getEnrollPage',
  summary: 'Explains what to do with an enrollment link',
  caller: 'anyone',
  gives: {
    status: 200,
    text: 'A page',
    schema: plainText,
    contentType: 'text/html; charset=utf-8',
    headers: { 'Content-Security-Policy': enrollPagePolicy, 'Cache-Control': 'public, max-age=3600' },
  },

  async handle() {
    return enrollPage;
  },
});
