// What a connection may leave unread, told by hand: how much counts, and when it no longer does.
import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { createConnections } from '../../server/realtime/connections.ts';
import { defaultLimits } from '../../server/realtime/realtime-settings.ts';
import type { Connection } from '../../server/realtime/socket-types.ts';
import { createFakeClock } from '../support/clock.ts';

class FakeConnection extends EventEmitter {
  readyState = 'open';
  request: object | undefined = { headers: {} };
  transport = { name: 'polling', writable: false, closeTimeout: 30_000 };

  write(text: string): void {
    this.emit('packetCreate', { data: text });
  }

  close(): void {
    this.readyState = 'closed';
    this.emit('close');
  }
}

describe('connections', () => {
  const clock = createFakeClock();
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const admit = (limits: Partial<typeof defaultLimits>) => {
    const connections = createConnections({
      clock,
      random: { fraction: () => 0 },
      logger: quiet,
      limits: { ...defaultLimits, ...limits },
    });
    const connection = new FakeConnection();
    connections.admit(Object.assign(connection) as Connection);
    return { connections, connection };
  };

  it('forget the first request, and wait no half minute for a last poll', () => {
    const { connection } = admit({});
    expect(connection.request).to.equal(undefined);
    expect(connection.transport.closeTimeout).to.be.below(5_000);
  });

  it('count what the transport has taken and not passed on', () => {
    const { connections, connection } = admit({ queuedMessages: 4 });
    for (let count = 0; count < 3; count += 1) connection.write('x');
    connection.emit('flush');
    connection.write('x');
    expect(connections.count()).to.equal(1);
    connection.write('x');
    expect(connections.count()).to.equal(0);
  });

  it('count no more what has left', () => {
    const { connections, connection } = admit({ queuedMessages: 4 });
    for (let round = 0; round < 5; round += 1) {
      for (let count = 0; count < 3; count += 1) connection.write('x');
      connection.emit('flush');
      connection.transport.writable = true;
      connection.write('x');
      connection.emit('flush');
    }
    expect(connections.count()).to.equal(1);
  });

  it('count bytes as well', () => {
    const { connections, connection } = admit({ queuedBytes: 100 });
    connection.write('x'.repeat(60));
    connection.emit('flush');
    connection.write('x'.repeat(40));
    expect(connections.count()).to.equal(1);
    connection.write('x');
    expect(connections.count()).to.equal(0);
  });

  it('count packets over a minute', () => {
    const { connections, connection } = admit({ packetsPerMinute: 60 });
    for (let count = 0; count < 60; count += 1) connection.emit('packet');
    clock.advance(5_000);
    for (let count = 0; count < 5; count += 1) connection.emit('packet');
    expect(connections.count()).to.equal(1);
    connection.emit('packet');
    expect(connections.count()).to.equal(0);
  });
});
