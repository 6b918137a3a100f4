import type { Clock } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { fileStore } from '../src/file/log/file-store.js';
import type { FileStore, FileStoreOptions } from '../src/file/log/file-store.js';
import type { LogFiles } from '../src/file/log/log-files.js';
import type { Random } from './prove/random.js';

const fault = (code: string) => Object.assign(new Error(`planted ${code}`), { code });

/** What a call fails with when it is told to fail and not how. */
const usual: Partial<Record<keyof LogFiles, string>> = { create: 'EMFILE' };

/** A disk in memory, with everything that can go wrong on one. */
export class Disk {
  readonly files = new Map<string, Uint8Array>();
  /** What a power loss leaves: the bytes that were synced, under the names that were made. */
  readonly synced = new Map<string, Uint8Array>();
  /** Bytes that it still has room for. */
  room = Infinity;
  /** Most bytes that one write takes. */
  bite = Infinity;
  readonly failing = new Set<keyof LogFiles>();
  /** Calls that change something, and the number of the one at which the process dies. */
  steps = 0;
  lastStep = Infinity;
  locked = false;

  static of(files: ReadonlyMap<string, Uint8Array>): Disk {
    const disk = new Disk();
    for (const [name, bytes] of files) {
      disk.files.set(name, bytes.slice());
      disk.synced.set(name, bytes.slice());
    }
    return disk;
  }

  /** What another power loss leaves: of what was added to a file since its last sync, a part of any length. */
  torn(random: Random): ReadonlyMap<string, Uint8Array> {
    return new Map(
      Array.from(this.synced, ([name, kept]) => {
        const now = this.files.get(name) ?? kept;
        return [name, now.length > kept.length ? now.slice(0, random.between(kept.length, now.length)) : kept];
      }),
    );
  }

  #step(call: keyof LogFiles): void {
    if (this.steps >= this.lastStep) throw fault('EIO'); // nothing that a dead process does reaches the disk
    this.steps += 1;
    this.#attempt(call);
  }

  #attempt(call: keyof LogFiles): void {
    if (this.failing.has(call)) throw fault(usual[call] ?? 'EIO');
  }

  #bytesOf(name: string): Uint8Array {
    return this.files.get(name) ?? new Uint8Array();
  }

  #write(name: string, position: number, bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.bite, this.room);
    if (count === 0) throw fault('ENOSPC');
    this.room -= count;
    const before = this.#bytesOf(name);
    const after = new Uint8Array(Math.max(before.length, position + count));
    after.set(before);
    after.set(bytes.subarray(0, count), position);
    this.files.set(name, after);
    return count;
  }

  get log(): LogFiles {
    return {
      names: () => [...this.files.keys()],
      size: (name) => this.files.get(name)?.length,
      create: (name) => {
        this.#step('create');
        if (this.files.has(name)) throw fault('EEXIST');
        this.files.set(name, new Uint8Array());
        this.synced.set(name, new Uint8Array());
      },
      read: (name, position, into) => {
        this.#attempt('read');
        const part = this.#bytesOf(name).subarray(position, position + into.length);
        into.set(part);
        return part.length;
      },
      write: (name, position, bytes) => {
        this.#step('write');
        return this.#write(name, position, bytes);
      },
      truncate: (name, size) => {
        this.#step('truncate');
        this.room += this.#bytesOf(name).length - size;
        this.files.set(name, this.#bytesOf(name).slice(0, size));
      },
      rename: (from, to) => {
        this.#step('rename');
        this.files.set(to, this.#bytesOf(from));
        this.files.delete(from);
        this.synced.set(to, this.synced.get(from) ?? new Uint8Array());
        this.synced.delete(from);
      },
      // The folder is not synced: after a power loss the file may be back.
      remove: (name) => {
        this.#step('remove');
        this.room += this.#bytesOf(name).length;
        this.files.delete(name);
      },
      sync: (name) => {
        this.#step('sync');
        this.synced.set(name, this.#bytesOf(name).slice());
      },
      close: () => undefined,
    };
  }

  open(o: Partial<FileStoreOptions> & { readonly clock?: Clock } = {}): Promise<FileStore> {
    const tryLock = () => {
      if (this.locked) return undefined;
      this.locked = true;
      return () => void (this.locked = false);
    };
    const lock = { tryLock, close: () => undefined };
    return fileStore({ files: this.log, lock, clock: new FakeClock(), storeBusyMs: 0, ...o });
  }
}
