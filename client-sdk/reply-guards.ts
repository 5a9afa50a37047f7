/** Type guards on decoded answers. The hub's schema vouches for the rest; a newer hub may add members. */

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An answer is told by one member that only it has. */
export function having<T extends object>(member: keyof T & string): (body: unknown) => body is T {
  return (body): body is T => isRecord(body) && member in body;
}

/** For calls whose answer is of no interest. */
export const anything = (_body: unknown): _body is unknown => true;
