import { lazySchema } from './lazy.js';

/** The id of something in an event: any text that is short enough for a key. */
export const idSchema = lazySchema(({ string }) => string().min(1).max(256));
