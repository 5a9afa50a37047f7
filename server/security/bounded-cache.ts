// A map that never grows past its bound: what was not used for longest goes first.

export interface BoundedCache<V> {
  /** The value of this key, made when it is not held. What `make` throws is thrown, and nothing is held. */
  get(key: string, make: () => V): V;
  delete(key: string): void;
  readonly size: number;
}

/** @param limit entries held at most, 1 or more */
export function createBoundedCache<V>(limit: number): BoundedCache<V> {
  // A Map keeps insertion order: an entry put again when it is used makes the first one the oldest.
  const entries = new Map<string, { value: V }>();
  return {
    get(key, make) {
      const held = entries.get(key);
      const entry = held ?? { value: make() };
      if (held !== undefined) entries.delete(key);
      entries.set(key, entry);
      if (entries.size > limit) {
        const [oldest] = entries.keys();
        if (oldest !== undefined) entries.delete(oldest);
      }
      return entry.value;
    },
    delete: (key) => void entries.delete(key),
    get size() {
      return entries.size;
    },
  };
}
