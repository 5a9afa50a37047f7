// Talks nonsense to a hub over many connections, and finds out whether it is still itself.
import { ask, connected } from './clients.ts';
import type { World } from './harness.ts';
import { oddPacket, seeded } from './packets.ts';

/** Packets on one connection before the next is opened; most are closed by the hub long before. */
const perConnection = 25;
const atOnce = 8;

/** Sends at least this many packets. @returns how many left the client */
export async function talkNonsense(world: World, packets: number, seed: number): Promise<number> {
  const random = seeded(seed);
  let sent = 0;
  const talk = async (): Promise<void> => {
    while (sent < packets) sent += await oneConnection(world.url, random);
  };
  await Promise.all(Array.from({ length: atOnce }, talk));
  return sent;
}

function oneConnection(url: string, random: () => number): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  let sent = 0;
  return new Promise((resolve) => {
    const speak = (): void => {
      while (sent < perConnection && socket.readyState === WebSocket.OPEN) {
        const packet = oddPacket(random);
        socket.send(typeof packet === 'string' ? packet : Uint8Array.from(packet));
        sent += 1;
      }
      socket.close();
    };
    socket.addEventListener('close', () => resolve(sent));
    socket.addEventListener('open', () => {
      // Half of them have joined before they go wrong.
      if (random() < 0.5) socket.send('40/device,{"token":"dev_1"}');
      speak();
    });
  });
}

/** Both namespaces still do what they are for. */
export async function isItself(world: World): Promise<boolean> {
  const device = await connected(world.clients.open('/device', 'dev_2'));
  const page = await connected(world.clients.open('/browser', 'waiter:ver_1'));
  const answers = [await ask(device, 'prompts'), await ask(page, 'resend', {})];
  device.disconnect();
  page.disconnect();
  return answers.every(({ ok }) => ok);
}
