import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrackFolders } from '@conductor/engine';

/** The folders of tracks on this disk, by one look at one folder: names that no safe path can say, and links, are seen as well. */
export function diskFolders(root: string, folder: string): TrackFolders {
  const tracks = join(root, folder, 'tracks');
  return {
    async list() {
      const entries = await readdir(tracks, { withFileTypes: true });
      return entries
        .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
        .map((entry) => ({ name: entry.name, link: entry.isSymbolicLink() }));
    },
    async entries(name) {
      const entries = await readdir(join(tracks, name), { withFileTypes: true });
      return entries.map((entry) => ({ name: entry.name, link: entry.isSymbolicLink() }));
    },
  };
}
