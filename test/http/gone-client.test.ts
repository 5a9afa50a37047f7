// A page that is closed while it waits: the hub stops waiting for it.
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { goneSignal } from '../../server/http/gone-signal.ts';
import type { HubContext } from '../../server/http/hub-context.ts';

describe('a client that goes away', () => {
  it('aborts what waits for it', async () => {
    const { promise: waiting, resolve: nowWaiting } = Promise.withResolvers<AbortSignal>();
    const server = createServer((_request, res) => nowWaiting(goneSignal({ res } as HubContext)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new AbortController();
    const { port } = server.address() as AddressInfo;
    const asking = fetch(`http://127.0.0.1:${port}`, { signal: client.signal }).catch(() => undefined);
    const signal = await waiting;
    expect(signal.aborted).to.equal(false);
    const aborted = once(signal, 'abort');
    client.abort();
    await aborted;
    await asking;
    server.close();
  });
});
