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

/** Length of a text as UTF-8. Most texts are short and ASCII, and need no copy to be counted; long ones are faster with one. */
export function utf8Bytes(text: string): number {
  if (text.length > 1_024) return encoder.encode(text).length;
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) >= 0x80) return encoder.encode(text).length;
  }
  return text.length;
}
