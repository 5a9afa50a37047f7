// Health, metrics, the log, and a store that fails: what the hub says of itself, and what it keeps to itself.
import { expect } from 'chai';
import type { Logger } from '../../server/ports/runtime.ts';
import { StoreUnavailableError, type Store } from '../../server/ports/store.ts';
import { startCheckedHub } from '../support/checked-hub.ts';
import { enrollPhone } from '../support/phone.ts';
import { approve, startSms, startVerification } from '../support/rest-scenes.ts';

describe('health', () => {
  it('is green on a hub that works', async () => {
    await using hub = await startCheckedHub();
    for (const path of ['/healthz', '/readyz']) {
      const { status, body } = await hub.call('GET', path, { token: null });
      expect([status, body]).to.deep.equal([200, { status: 'ok' }]);
    }
  });

  it('is red for readiness, and green for life, while the store is away', async () => {
    const outage = createOutage();
    await using hub = await startCheckedHub({}, { wrapStore: outage.wrap });
    outage.begin(new StoreUnavailableError('gone'));
    const { status, headers, body } = await hub.call('GET', '/readyz', { token: null });
    expect([status, body['code'], headers.get('retry-after')]).to.deep.equal([503, 'store-unavailable', '1']);
    expect((await hub.call('GET', '/healthz', { token: null })).status).to.equal(200);
    outage.end();
  });
});

describe('a store that is away', () => {
  it('is answered with 503 and when to come back, on every kind of call; then all is as before', async () => {
    const outage = createOutage();
    await using hub = await startCheckedHub({}, { wrapStore: outage.wrap });
    const phone = await enrollPhone(hub, 'alice');
    const { id, waiterToken } = await startVerification(hub, 'alice');
    outage.begin(new StoreUnavailableError('connect ECONNREFUSED 10.0.0.7:6379'));
    const calls: [method: string, path: string, token: string][] = [
      ['POST', '/v1/verifications', hub.apiKey],
      ['GET', `/v1/verifications/${id}`, hub.apiKey],
      ['GET', `/v1/verifications/${id}?wait=10&rev=1`, waiterToken],
      ['POST', `/v1/verifications/${id}/cancel`, waiterToken],
      ['PUT', '/v1/users/alice', hub.apiKey],
      ['GET', '/v1/device/prompts', phone.token()],
      ['DELETE', '/v1/device', phone.token()],
    ];
    for (const [method, path, token] of calls) {
      const { status, headers, body } = await hub.call(method, path, {
        token,
        ...(method === 'GET' || method === 'DELETE' ? {} : { body: {} }),
      });
      expect([status, body['code'], headers.get('retry-after')], path).to.deep.equal([503, 'store-unavailable', '1']);
      expect(JSON.stringify(body)).not.to.include('ECONNREFUSED');
    }
    outage.end();
    expect((await hub.call('GET', `/v1/verifications/${id}`)).body['verification']).to.deep.include({
      status: 'pending',
    });
  });
});

describe('a bug', () => {
  it('is logged with its request id, and told to nobody', async () => {
    const outage = createOutage();
    const log = createMemoryLog();
    await using hub = await startCheckedHub({}, { wrapStore: outage.wrap, logger: log.logger });
    outage.begin(new TypeError('secret detail of line 42'));
    const { status, headers, body } = await hub.call('GET', '/v1/users/alice');
    outage.end();
    expect([status, body['code']]).to.deep.equal([500, 'internal']);
    expect(JSON.stringify(body)).not.to.match(/secret|TypeError|\.ts|at /);
    const entry = log.lines.find(({ message }) => message === 'a request failed on a bug');
    expect(entry?.level).to.equal('error');
    expect(entry?.fields['requestId']).to.equal(headers.get('x-request-id'));
    expect(String(entry?.fields['error'])).to.include('secret detail');
  });
});

describe('metrics', () => {
  const token = 'metrics-token-for-tests-0123456789abcdef';

  it('are for this machine, and count by route, never by path', async () => {
    await using hub = await startCheckedHub();
    await startVerification(hub, 'alice');
    await hub.call('GET', '/v1/users/alice');
    await hub.call('GET', '/v1/users/someone-else');
    await hub.call('GET', '/no/such/path/4711');
    // A request is counted once its reply is out, which its caller may know first.
    let text = '';
    for (let tries = 0; tries < 50 && !text.includes('route="unmatched"'); tries += 1) {
      const { status, body } = await hub.call('GET', '/metrics', { token: null });
      expect(status).to.equal(200);
      text = String(body['text']);
    }
    expect(text).to.match(
      /verihub_http_request_duration_seconds_count\{route="\/v1\/users\/:userId",method="GET",status="404"\} 1/,
    );
    expect(text).to.match(/_count\{route="unmatched",method="GET",status="404"\} 1/);
    expect(text).not.to.match(/alice|someone-else|4711/);
  });

  for (const header of ['x-forwarded-for', 'forwarded', 'via']) {
    it(`are not shown to whoever comes through a proxy (${header})`, async () => {
      await using hub = await startCheckedHub();
      const { status } = await hub.call('GET', '/metrics', { token: null, headers: { [header]: 'for=203.0.113.7' } });
      expect(status).to.equal(404);
    });
  }

  it('are shown from elsewhere with the metrics token only', async () => {
    await using hub = await startCheckedHub({ VERIHUB_METRICS_TOKEN: token });
    const ask = async (given: string | null) =>
      (await hub.call('GET', '/metrics', { token: given, headers: { 'x-forwarded-for': '203.0.113.7' } })).status;
    expect(await ask(token)).to.equal(200);
    for (const wrong of [null, `${token}x`, token.slice(1), hub.apiKey]) expect(await ask(wrong)).to.equal(401);
  });
});

describe('the access log', () => {
  it('has one line a request, with route and caller, and no secret in any line', async () => {
    const log = createMemoryLog();
    await using hub = await startCheckedHub({}, { logger: log.logger });
    const { phone, id, waiterToken } = await approve(hub, 'alice');
    const { code } = await startSms(hub, 'alice');
    const trust = await hub.call('POST', `/v1/verifications/${id}/trust`);
    const deviceToken = phone.token();
    await hub.call('GET', '/v1/device/prompts', { token: deviceToken });
    await hub.call('GET', `/v1/verifications/${id}?token=${waiterToken}`, { token: waiterToken });
    await hub.call('GET', '/healthz');
    await log.until(({ fields }) => fields['route'] === '/healthz');

    const requests = log.lines.filter(({ message }) => message === 'request');
    const created = requests.find(({ fields }) => fields['route'] === '/v1/verifications');
    expect(created?.fields).to.include.keys('requestId', 'applicationId', 'durationMs');
    expect(created?.fields).to.deep.include({ method: 'POST', status: 201 });
    const listed = requests.find(({ fields }) => fields['route'] === '/v1/device/prompts');
    expect(listed?.fields).to.deep.include({ deviceId: phone.deviceId, status: 200 });
    expect(requests.find(({ fields }) => fields['route'] === '/healthz')?.level).to.equal('debug');

    const text = JSON.stringify(log.lines);
    for (const secret of [
      hub.apiKey,
      waiterToken,
      deviceToken,
      String(trust.body['trustToken']),
      code,
      '+31612345678',
      '/alice',
    ]) {
      expect(text).not.to.include(secret);
    }
  });
});

/** A store that fails every call from `begin` to `end`. */
function createOutage() {
  let fault: Error | undefined;
  return {
    begin: (error: Error) => {
      fault = error;
    },
    end: () => {
      fault = undefined;
    },
    wrap: (store: Store): Store =>
      new Proxy(store, {
        get: (target, name) => {
          const verb: unknown = Reflect.get(target, name);
          if (typeof verb !== 'function' || name === 'close') return verb;
          return async (...args: unknown[]): Promise<unknown> => {
            if (fault !== undefined) throw fault;
            return verb.apply(target, args);
          };
        },
      }),
  };
}

interface Line {
  level: string;
  fields: Record<string, unknown>;
  message: string;
}

function createMemoryLog() {
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const at =
    (level: string) =>
    (fields: Record<string, unknown>, message: string): void => {
      lines.push({ level, fields, message });
      for (const look of waiting) look();
    };
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return {
    lines,
    logger,
    until: (wanted: (line: Line) => boolean) =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (!lines.some(wanted)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
