#!/usr/bin/env node
import { main } from './main.js';

const { argv, stdout, stderr, env: environment } = process;

// A promise, not a top-level await: this file must stay loadable everywhere.
main({ argv: argv.slice(2), stdout, stderr, environment, cwd: process.cwd() }).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    stderr.write(`error INTERNAL_ERROR: ${String(error)}\n`);
    process.exitCode = 10;
  },
);
