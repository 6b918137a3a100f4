// Runs in a process of its own, because it reads the environment and a folder.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Json } from '../ports/values.js';
import { encodeLike, readTextFile } from './decode-text.js';
import { parseErrors } from './knowledge.js';
import { patchJson } from './patch-json.js';
import { migrateMetadata } from './migrate-metadata.js';
import { parseMetadata, writeMetadata } from './metadata.js';
import { upsertTrackRow } from './edit-tracks-index.js';
import { readTrackFolder } from './track-folder.js';
import { parseTracksIndex } from './tracks-index.js';

/** A folder of real files in CONDUCTOR_CORPUS, or else the files of this repository. */
const folder = process.env['CONDUCTOR_CORPUS'] ?? fileURLToPath(new URL('../../../cli/templates', import.meta.url));

const names = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
/** Copies of one corpus bear the whole path in their name. */
const named = (pattern: RegExp) => names.filter((name) => pattern.test(basename(name)));
const at = '2026-01-01T00:00:00.000Z';

describe('real files', { timeout: 300_000 }, () => {
  it('of tracks are read as folders, and their metadata is written back without the loss of a key or a value', () => {
    for (const name of named(/metadata\.json$/i)) {
      const bytes = new Uint8Array(readFileSync(name));
      const file = readTextFile(bytes);
      expect(encodeLike(file.text, file), name).toEqual(bytes);
      const { metadata } = parseMetadata(bytes);
      if (!metadata) continue;
      const before = JSON.parse(file.text) as { readonly [key: string]: Json };
      expect(JSON.parse(writeMetadata(file.text, metadata)), name).toMatchObject(kept(before));
      expect(Object.keys(JSON.parse(writeMetadata(file.text, {})) as object), name).toEqual(
        expect.arrayContaining(Object.keys(before)),
      );
      expect(patchJson(file.text, before), name).toBe(file.text);
      const { text } = migrateMetadata(file.text);
      expect(migrateMetadata(text).text, name).toBe(text);
      expect(() => readTrackFolder({ trackId: 'any', metadata: bytes }, at), name).not.toThrow();
    }
  });

  it('that list tracks are read, and a row is put into them without touching another line', () => {
    for (const name of named(/tracks\.md$/i)) {
      const text = readFileSync(name, 'utf8');
      const { rows } = parseTracksIndex(text);
      const about = { name: 'Probe', type: 'feature', status: 'ready', step: 'PLAN', created: '2026-01-01' };
      const after = upsertTrackRow(text, { id: 'probe_20260101', ...about });
      const probe = parseTracksIndex(after).rows.filter(({ trackId }) => trackId === 'probe_20260101');
      if (rows.length > 0) expect(probe, name).toHaveLength(1);
      const left = new Set(after.split(/\r?\n/));
      const lost = text.split(/\r?\n/).filter((line) => !left.has(line));
      // Only a row that says that there is nothing gives way.
      expect(lost.length, `${name}\n${lost.join('\n')}`).toBeLessThanOrEqual(1);
      const ids = (list: typeof rows) =>
        list.flatMap(({ trackId }) => trackId ?? []).filter((id) => id !== 'probe_20260101');
      expect(ids(parseTracksIndex(after).rows).sort(), name).toEqual([...ids(rows)].sort());
    }
  });

  it('of known errors are read', () => {
    for (const name of named(/errors\.json$/i))
      expect(() => parseErrors(readFileSync(name, 'utf8')), name).not.toThrow();
  });
});

/** Values that a reader may normalise are left out: words with another spelling, times, numbers written as text. */
function kept(root: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  const published = new Set(['version', 'status', 'loop_state', 'parallel_state', 'board_sessions', 'depends_on']);
  return Object.fromEntries(Object.entries(root).filter(([key]) => !published.has(key)));
}
