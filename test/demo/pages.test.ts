// The demo's pages as they are served: a strict policy, no path to the disk, one origin.
import { expect } from 'chai';
import http from 'node:http';
import { createPageScripts, ScriptsUnavailable } from '../../server/demo/page-scripts.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

describe('the demo pages', () => {
  let hub: TestHub;

  before(async () => {
    hub = await startTestHub({ VERIHUB_DEMO: 'true', VERIHUB_APPLICATION_NAME: 'Tom & "Jerry" <Bank>' });
  });

  after(() => hub.close());

  /** Read to its end, so that the hub need not wait for us when it closes. */
  async function get(path: string): Promise<{ status: number; headers: Headers; text: string }> {
    const response = await fetch(hub.origin + path, { redirect: 'manual' });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  function request(path: string, headers: Record<string, string>): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      http.get(hub.localUrl + path, { headers }, (response) => resolve(response.resume())).on('error', reject);
    });
  }

  it('are there with everything they name', async () => {
    const seen = new Set<string>();
    for (const page of ['/demo/', '/demo/bank', '/demo/phone', '/demo/outbox']) {
      const { status, text } = await get(page);
      expect(status, page).to.equal(200);
      expect(text).not.to.match(/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style/);
      for (const [, path = ''] of text.matchAll(/(?:href|src)="(\/demo\/[^"#]*)/g)) seen.add(path);
    }
    const manifest = JSON.parse((await get('/demo/phone.webmanifest')).text) as { icons: { src: string }[] };
    for (const { src } of manifest.icons) seen.add(src);
    const missing = await Promise.all([...seen].map(async (path) => ((await get(path)).status === 200 ? [] : [path])));
    expect(missing.flat()).to.deep.equal([]);
    expect([...seen])
      .to.include('/demo/assets/icon-512.png')
      .and.include('/demo/assets/bank-page.js');
  });

  it('allow scripts and styles of this origin only', async () => {
    const { headers } = await get('/demo/bank');
    const policy = headers.get('content-security-policy');
    expect(policy)
      .to.include("default-src 'none'")
      .and.include("script-src 'self'")
      .and.include("frame-ancestors 'self'");
    expect(policy).not.to.include('unsafe');
    expect(headers.get('x-content-type-options')).to.equal('nosniff');
  });

  it('show a name as text', async () => {
    expect((await get('/demo/bank')).text).to.include('Tom &#38; &#34;Jerry&#34; &#60;Bank&#62;');
  });

  it('are not sent twice', async () => {
    const etag = (await get('/demo/assets/base.css')).headers.get('etag') ?? '';
    // fetch() would ask for a fresh copy.
    const again = await request('/demo/assets/base.css', { host: new URL(hub.origin).host, 'if-none-match': etag });
    expect(again.statusCode).to.equal(304);
  });

  it('open at the origin that the hub is', async () => {
    const local = await request('/demo/', { host: new URL(hub.localUrl).host });
    expect(local.statusCode).to.equal(307);
    expect(local.headers.location).to.equal(`${hub.origin}/demo/`);
    expect((await get('/demo')).headers.get('location')).to.equal('/demo/');
  });

  it('are where the hub’s own address leads', async () => {
    const { status, headers } = await get('/');
    expect([status, headers.get('location')]).to.deep.equal([302, '/demo/']);
  });

  it('lead nowhere else', async () => {
    const paths = [
      '/demo/stage/stage.html',
      '/demo/../package.json',
      '/demo/%2e%2e/hub.ts',
      '/demo/assets/nothing.js',
      '/demo/constructor',
    ];
    for (const path of paths) expect((await get(path)).status, path).to.be.within(400, 404);
  });

  it('say what is missing, where the bundler is not installed', async () => {
    const scripts = createPageScripts(() => Promise.reject(new Error('Cannot find package')));
    const failure = await scripts.ready().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(failure).to.be.instanceOf(ScriptsUnavailable);
    expect((failure as Error).message).to.include('npm ci');
  });

  it('are absent where the demo is off', async () => {
    await using bare = await startTestHub();
    expect((await bare.call('GET', '/demo/')).status).to.equal(404);
    expect((await bare.call('GET', '/')).body).to.include({ status: 404, code: 'not-found' });
    expect((await bare.call('GET', '/demo/api/outbox')).status).to.equal(404);
  });
});
