import { createRequire } from 'node:module';

/** Of this package; all packages of the group are released together. */
export const version: string = (createRequire(import.meta.url)('@conductor/node/package.json') as { version: string })
  .version; // our own file
