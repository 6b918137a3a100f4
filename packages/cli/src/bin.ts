#!/usr/bin/env node
import { main } from './main.js';

const interrupted = 130;
const { argv, stdout, stderr, env: environment } = process;

// A promise, not a top-level await: this file must stay loadable everywhere.
main({ argv: argv.slice(2), stdout, stderr, environment, cwd: process.cwd() }).then(
  (exitCode) => {
    process.exitCode = exitCode;
    // What was broken off while it opened (a server that does not answer) must not keep an interrupted process.
    if (exitCode === interrupted) stdout.write('', () => stderr.write('', () => process.exit(interrupted)));
  },
  (error: unknown) => {
    stderr.write(`error INTERNAL_ERROR: ${String(error)}\n`);
    process.exitCode = 10;
  },
);
