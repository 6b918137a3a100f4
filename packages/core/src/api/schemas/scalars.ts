import * as z from '@conductor/core/schema';

// What the schemas of this folder are made of. There is one schema a wire type, bound to its interface by annotation.
// Requests are strict, so that a misspelt key is an error; answers are loose, so that a client survives a newer server.
// Schema and type share a name.

export const text = z.string();
export const texts = z.array(text);
export const instant = z.iso.datetime();
export const count = z.int().min(0);
export const flag = z.boolean();
