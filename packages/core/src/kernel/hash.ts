import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 of bytes, or of a text as UTF-8, in 64 lower-case hex digits. Synchronous, so that decisions can use it. */
export function sha256Hex(data: Uint8Array | string): string {
  return bytesToHex(sha256(typeof data === 'string' ? utf8ToBytes(data) : data));
}

/** A SHA-256 over bytes that come piece by piece. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** Of all pieces so far, in 64 lower-case hex digits; nothing may be added afterwards. */
  hex(): string;
}

/** Begins a SHA-256 of what is too large to be held at once. */
export function sha256Stream(): Sha256 {
  const hash = sha256.create();
  return { update: (bytes) => void hash.update(bytes), hex: () => bytesToHex(hash.digest()) };
}
