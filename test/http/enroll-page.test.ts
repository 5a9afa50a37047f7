// The page behind an enrollment link: readable, harmless, and deaf to the token in its address.
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { enrollPage, enrollPagePolicy } from '../../server/http/enroll-page.ts';

describe('the enrollment page', () => {
  it('runs nothing, loads nothing and sends nothing', () => {
    expect(enrollPage).not.to.match(/<script|\son\w+=|<form|<iframe|<link|<img|\bsrc=|\bhref=|url\(|@import/i);
    expect(enrollPagePolicy).to.match(/^default-src 'none';/);
    expect(enrollPagePolicy).not.to.match(/unsafe|script-src|connect-src|\*/);
  });

  it('has the one style that its policy lets in', () => {
    const [, style = ''] = /<style>([^]*)<\/style>/.exec(enrollPage) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(enrollPagePolicy).to.include(`style-src 'sha256-${hash}'`);
  });

  it('can be read by everyone', () => {
    expect(enrollPage)
      .to.match(/<html lang="en">/)
      .and.to.match(/<title>[^<]+<\/title>/);
    expect(enrollPage)
      .to.match(/<main>/)
      .and.to.match(/<h1>/)
      .and.to.match(/aria-hidden="true"/);
    expect(enrollPage)
      .to.match(/name="viewport"/)
      .and.to.match(/prefers-color-scheme: dark/);
  });
});
