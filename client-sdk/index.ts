/** Everything the SDK offers, for programs that bundle; the entries `./device`, `./browser` and `./relying-party` load less. */
export * from './browser.ts';
export * from './device.ts';
export * from './relying-party.ts';
export * from './protocol.ts';
