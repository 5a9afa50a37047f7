// The phone app's icon as PNG, drawn by code: Android and iOS want pixels for an installed app, and no tool is needed to make them.
import { crc32, deflateSync } from 'node:zlib';

type Colour = readonly [red: number, green: number, blue: number];
type Point = readonly [x: number, y: number];

const ground: Colour = [11, 45, 40];
const line: Colour = [118, 226, 200];
/** The mark on a field of 1 × 1: a check mark between three nodes. */
const nodes: readonly Point[] = [
  [0.28, 0.5],
  [0.44, 0.67],
  [0.73, 0.33],
];
const lineWidth = 0.075;
const nodeRadius = 0.085;

/** A square PNG of `size` pixels, opaque to its edges, so that platforms may cut their own shape (a maskable icon). */
export function appIcon(size: number): Buffer {
  const rows = Array.from({ length: size }, (_, y) => row(size, y));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // Eight bits a channel, RGB, no interlace (PNG, section 11.2.2).
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND'),
  ]);
}

/** One line of pixels behind its filter byte (0: none). */
function row(size: number, y: number): Buffer {
  const bytes = Buffer.alloc(1 + size * 3);
  for (let x = 0; x < size; x += 1) {
    const coverage = inkAt([(x + 0.5) / size, (y + 0.5) / size], size);
    ground.forEach((from, channel) => {
      bytes[1 + x * 3 + channel] = Math.round(from + (line[channel] ?? from) * coverage - from * coverage);
    });
  }
  return bytes;
}

/** 0 to 1; the edge is one pixel soft. */
function inkAt(point: Point, size: number): number {
  const distances = nodes.map((node) => distance(point, node, node) - nodeRadius);
  nodes.slice(1).forEach((node, index) => {
    distances.push(distance(point, nodes[index] ?? node, node) - lineWidth / 2);
  });
  return Math.min(1, Math.max(0, 0.5 - Math.min(...distances) * size));
}

/** From a point to the line between two others. */
function distance([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  const along = length === 0 ? 0 : ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
