import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../packages/core/dist/index.js';
import { sqliteStore } from '../../packages/store/dist/sqlite.js';

/** SQLite of this Node, or the package with the same API: ours and the floors run on the same driver. */
export const sqlite =
  process.getBuiltinModule?.('node:sqlite') ??
  createRequire(new URL('../../packages/node/package.json', import.meta.url))('@photostructure/sqlite');

/** A new folder on the disk to measure: BENCH_TMP, else the system's. */
export function scratch() {
  const folder = mkdtempSync(join(process.env.BENCH_TMP ?? tmpdir(), 'conductor-bench-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export async function openStore(folder, options = {}) {
  const database = new sqlite.DatabaseSync(join(folder, 'conductor.db'));
  return { store: await sqliteStore({ database, clock: systemClock(), ...options }), database };
}
