#!/usr/bin/env node
import { main } from './main.js';

const interrupted = 130;
const { argv, stdout, stderr, env: environment } = process;

// A promise, not a top-level await: this file must stay loadable everywhere.
void main({ argv: argv.slice(2), stdout, stderr, environment, cwd: process.cwd() })
  .catch((error: unknown) => {
    stderr.write(`error INTERNAL_ERROR: ${String(error)}\n`);
    return 10;
  })
  .then((exitCode) => {
    process.exitCode = exitCode;
    // What was broken off while it opened (a server that listens and says nothing) must not keep a process that is done.
    const isHeld = process.getActiveResourcesInfo().some((name) => name.startsWith('TCP'));
    if (exitCode === interrupted || isHeld) stdout.write('', () => stderr.write('', () => process.exit(exitCode)));
  });
