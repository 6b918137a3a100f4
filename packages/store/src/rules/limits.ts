/** What one store takes (contracts 1.4). Bytes are of UTF-8. */
export interface StoreLimits {
  readonly eventBytes: number;
  readonly commitBytes: number;
  readonly commitEvents: number;
  readonly pageEvents: number;
  readonly pageBytes: number;
}

export const defaultLimits: StoreLimits = Object.freeze({
  eventBytes: 8 * 1024 * 1024,
  commitBytes: 32 * 1024 * 1024,
  commitEvents: 10_000,
  pageEvents: 1_000,
  pageBytes: 4 * 1024 * 1024,
});

const encoder = new TextEncoder();

/** Length of a text as UTF-8. */
export function utf8Bytes(text: string): number {
  let ascii = true;
  for (let index = 0; index < text.length && ascii; index += 1) ascii = text.charCodeAt(index) < 0x80;
  return ascii ? text.length : encoder.encode(text).length;
}
