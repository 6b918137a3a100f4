import { createHash } from 'node:crypto';
import type { Sha256 } from '@conductor/core/hash';

/** OpenSSL's, which is several times faster than the one that runs anywhere. */
export function sha256(): Sha256 {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
}
