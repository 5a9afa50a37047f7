#!/usr/bin/env node
// Launches the command line tool; plain JavaScript, so that an older Node gets a sentence instead of a stack.
import '../server/require-node.mjs';

await import('../server/cli.ts');
