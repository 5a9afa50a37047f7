// Draws a QR code into an `<svg>`; the quiet border of four modules that scanners need is part of it.
import { qrModules } from './qr-code.ts';

const quiet = 4;

/** False when the text is too long for a code: then the picture stays empty. */
export function drawQr(picture: SVGElement, text: string): boolean {
  const modules = qrModules(text);
  if (modules === undefined) return false;
  const size = modules.length + 2 * quiet;
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  const dark = modules.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x + quiet} ${y + quiet}h1v1h-1z`] : [])),
  );
  path.setAttribute('d', dark.join(''));
  picture.setAttribute('viewBox', `0 0 ${size} ${size}`);
  picture.replaceChildren(path);
  return true;
}
