import * as words from './words.js';

/** Everything a schema is built with. */
export type Zod = typeof words;

/**
 * Zod, the only one in a process. In the built package its code runs at the first call, and not when it is imported: imported
 * as `#zod`, so that the build can put its own file here (tsup.config.ts).
 */
export function zod(): Zod {
  return words;
}
