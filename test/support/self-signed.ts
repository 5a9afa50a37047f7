// A certificate for localhost and hooks.example that nobody trusts, and its key: for servers of tests only.

export const selfSigned = {
  cert: `  key: `};
