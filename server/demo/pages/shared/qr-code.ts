// QR codes (ISO/IEC 18004) for links of up to 134 bytes: byte mode, error correction L, versions 1 to 6, one fixed mask.
import { errorCorrection } from './reed-solomon.ts';

/** Per version from 1: blocks, data codewords of a block, correction codewords of a block (table 9, level L). */
const versions = [
  [1, 19, 7],
  [1, 34, 10],
  [1, 55, 15],
  [1, 80, 20],
  [1, 108, 26],
  [2, 68, 18],
] as const;

/** Level L (01) and mask 0 (000), with their BCH code and the fixed pattern of section 7.9.1. */
const formatBits = 0b111011111000100;

type Module = boolean | undefined;

/** Rows of modules, dark ones true; undefined when the text is too long. */
export function qrModules(text: string): boolean[][] | undefined {
  const bytes = new TextEncoder().encode(text);
  const version = versions.findIndex(([blocks, data]) => bytes.length + 2 <= blocks * data) + 1;
  const layout = versions[version - 1];
  if (layout === undefined) return undefined;
  const grid = emptyGrid(version);
  const codewords = interleave(dataCodewords(bytes, layout[0] * layout[1]), layout);
  placeData(grid, codewords);
  return grid.map((row) => row.map((module) => module === true));
}

/** Mode, length, the bytes, then the two pad codewords in turn (section 7.4). */
function dataCodewords(bytes: Uint8Array, capacity: number): number[] {
  const bits = `0100${binary(bytes.length, 8)}${[...bytes].map((byte) => binary(byte, 8)).join('')}0000`;
  const codewords = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  for (let pad = 0xec; codewords.length < capacity; pad = pad === 0xec ? 0x11 : 0xec) codewords.push(pad);
  return codewords;
}

function binary(value: number, width: number): string {
  return value.toString(2).padStart(width, '0');
}

/** The blocks' first codewords, their second, and so on; then the same of their correction codewords. */
function interleave(data: number[], [blocks, size, correction]: (typeof versions)[number]): number[] {
  const parts = Array.from({ length: blocks }, (_, index) => data.slice(index * size, (index + 1) * size));
  const corrections = parts.map((part) => errorCorrection(part, correction));
  return [...columns(parts, size), ...columns(corrections, correction)];
}

function columns(rows: number[][], width: number): number[] {
  return Array.from({ length: width }, (_, index) => rows.map((row) => row[index] ?? 0)).flat();
}

/** Everything but the data: finders with their quiet border, timing, alignment, format. Undefined where data goes. */
function emptyGrid(version: number): Module[][] {
  const size = 17 + 4 * version;
  const grid: Module[][] = Array.from({ length: size }, () => Array.from({ length: size }, () => undefined));
  const set = (row: number, column: number, dark: boolean): void => {
    const line = grid[row];
    if (line !== undefined && column >= 0 && column < size) line[column] = dark;
  };
  const square = (row: number, column: number, reach: number, isDark: (ring: number) => boolean): void => {
    for (let y = -reach; y <= reach; y += 1)
      for (let x = -reach; x <= reach; x += 1) set(row + y, column + x, isDark(Math.max(Math.abs(x), Math.abs(y))));
  };
  for (let index = 8; index < size - 8; index += 1) {
    set(6, index, index % 2 === 0);
    set(index, 6, index % 2 === 0);
  }
  if (version > 1) square(size - 7, size - 7, 2, (ring) => ring !== 1);
  for (const [row, column] of [[3, 3] as const, [3, size - 4] as const, [size - 4, 3] as const])
    square(row, column, 4, (ring) => ring !== 2 && ring !== 4);
  placeFormat(size, set);
  return grid;
}

/** Twice, around the top left finder and split over the other two (figure 25). */
function placeFormat(size: number, set: (row: number, column: number, dark: boolean) => void): void {
  for (let bit = 0; bit < 15; bit += 1) {
    const dark = ((formatBits >> bit) & 1) === 1;
    const near = bit < 6 ? bit : bit < 8 ? bit + 1 : 0;
    if (bit < 8) set(near, 8, dark);
    else set(8, bit === 8 ? 7 : 14 - bit, dark);
    if (bit < 8) set(8, size - 1 - bit, dark);
    else set(size - 15 + bit, 8, dark);
  }
  set(size - 8, 8, true);
}

/** Up and down in columns of two from the right, past the timing column, under mask 0 (section 7.7.3). */
function placeData(grid: Module[][], codewords: number[]): void {
  const bits = codewords.map((codeword) => binary(codeword, 8)).join('');
  const size = grid.length;
  let next = 0;
  let upward = true;
  for (let right = size - 1; right > 0; right -= right === 8 ? 3 : 2) {
    for (let step = 0; step < size; step += 1) {
      const y = upward ? size - 1 - step : step;
      const row = grid[y];
      for (const x of [right, right - 1]) {
        if (row === undefined || row[x] !== undefined) continue;
        row[x] = (bits[next] === '1') !== ((x + y) % 2 === 0);
        next += 1;
      }
    }
    upward = !upward;
  }
}
