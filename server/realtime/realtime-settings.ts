// What the socket server can be told, and what it does when it is not.

export interface RealtimeSettings {
  /** The hub origin: scheme, host and port, as clients see it. */
  origin: string;
  /** Web origins that may connect besides the hub's own. */
  allowedOrigins: readonly string[];
  /** How often each connection is pinged; milliseconds. */
  pingIntervalMs: number;
  /** No answer to a ping within this time closes the connection; milliseconds. */
  pingTimeoutMs: number;
  /** How long a connection may take to join a namespace; milliseconds. */
  connectTimeoutMs: number;
  /** A larger message closes its connection. */
  maxPayloadBytes: number;
  limits?: Partial<RealtimeLimits>;
}

export interface RealtimeLimits {
  /** Events per socket; the rest is answered `rate-limited` (OWASP WebSocket cheat sheet: 100). */
  eventsPerMinute: number;
  /** Packets of any kind per connection, acknowledgements included; one more closes it. */
  packetsPerMinute: number;
  /** Sockets per device; one more closes the oldest. */
  socketsPerDevice: number;
  /** Sockets per verification in `/browser`; one more closes the oldest. */
  socketsPerWaiter: number;
  /** Handshakes worked on at once; the rest waits its turn. */
  handshakes: number;
  /** Handshakes that may wait their turn; one more is refused. */
  waitingHandshakes: number;
  /** Messages that wait for a reader; one more closes the connection. */
  queuedMessages: number;
  /** As `queuedMessages`, in UTF-16 code units. */
  queuedBytes: number;
  /** Prompts that a connection may leave unacknowledged; one more closes it, and it connects again. */
  unacknowledgedPrompts: number;
  /** Each connected device is looked up again within this time; milliseconds. Contract section 3 says 5 s. */
  recheckMs: number;
}

export const defaultLimits: RealtimeLimits = {
  eventsPerMinute: 100,
  packetsPerMinute: 600,
  socketsPerDevice: 5,
  socketsPerWaiter: 5,
  handshakes: 100,
  waitingHandshakes: 20_000,
  queuedMessages: 64,
  queuedBytes: 512 * 1024,
  unacknowledgedPrompts: 64,
  recheckMs: 4_000,
};
