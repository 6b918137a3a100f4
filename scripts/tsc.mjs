/**
 * The compiler that checks: TypeScript 7, in a third of the processor time of 6. That one stays beside it for what needs its
 * API (declarations, API reports); both have a command `tsc`, so this one is called by its file.
 */
export const tsc = 'node_modules/typescript-7/bin/tsc';
