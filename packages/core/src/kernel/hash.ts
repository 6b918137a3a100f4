import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { portableSha256Hex } from './portable-hash.js';

interface NodeCrypto {
  readonly hash?: (algorithm: 'sha256', data: Uint8Array | string, encoding: 'hex') => string;
}

interface Host {
  readonly process?: { readonly getBuiltinModule?: (name: 'node:crypto') => NodeCrypto | undefined };
}

/** Node's own hash, several times as fast; looked up, not imported, because this runs in browsers as well. */
const nodeHash = (globalThis as Host).process?.getBuiltinModule?.('node:crypto')?.hash;

/** SHA-256 of bytes, or of a text as UTF-8, in 64 lower-case hex digits. Synchronous, so that decisions can use it. */
export function sha256Hex(data: Uint8Array | string): string {
  return nodeHash?.('sha256', data, 'hex') ?? portableSha256Hex(data);
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
