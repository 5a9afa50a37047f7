// Ids: prefixed, 122 time-ordered and random bits, ending in the shard of the user they belong to.

export type IdPrefix = 'app' | 'dev' | 'ver' | 'enr' | 'tru';

/** Everything of one user lives in one of 256 shards, so that a cluster can change it in one atomic step. */
const shards = 256;

/** The shard of a user, as two hexadecimal digits. FNV-1a over code points: stable, spread, not a secret. */
export function shardOf(applicationId: string, userId: string): string {
  let hash = 0x811c9dc5;
  for (const char of `${applicationId}\u0000${userId}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return (hash % shards).toString(16).padStart(2, '0');
}

/** The shard an id ends in. */
export function shardOfId(id: string): string {
  return id.slice(-2);
}

/**
 * An id of the given kind.
 * @param uuid a UUID version 7 (RFC 9562): time-ordered, 74 random bits
 */
export function makeId(prefix: IdPrefix, uuid: string, shard: string): string {
  return `${prefix}_${uuid.replaceAll('-', '')}${shard}`;
}
