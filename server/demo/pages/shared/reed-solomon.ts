// Reed-Solomon error correction over GF(256), as QR codes use it (ISO/IEC 18004, section 7.5 and annex A).

/** The correction codewords of one block: the remainder of data × x^count by the generator polynomial. */
export function errorCorrection(data: readonly number[], count: number): number[] {
  const generator = generatorOf(count);
  const remainder: number[] = Array.from({ length: count }, () => 0);
  for (const codeword of data) {
    const factor = codeword ^ (remainder.shift() ?? 0);
    remainder.push(0);
    generator.forEach((coefficient, index) => {
      remainder[index] = (remainder[index] ?? 0) ^ multiply(coefficient, factor);
    });
  }
  return remainder;
}

/** (x - 1)(x - 2)(x - 4)…, without its leading 1. */
function generatorOf(count: number): number[] {
  let coefficients: number[] = Array.from({ length: count }, (_, index) => (index === count - 1 ? 1 : 0));
  let root = 1;
  for (let factor = 0; factor < count; factor += 1) {
    const current = root;
    coefficients = coefficients.map((value, index) => multiply(value, current) ^ (coefficients[index + 1] ?? 0));
    root = multiply(root, 2);
  }
  return coefficients;
}

/** Modulo x^8 + x^4 + x^3 + x^2 + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> bit) & 1) * a;
  }
  return product;
}
