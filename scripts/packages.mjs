import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The packages of this workspace: folder, manifest, and the subpaths that have code behind them. */
export function packages() {
  return readdirSync('packages')
    .sort()
    .map((name) => {
      const folder = join('packages', name);
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const targets = Object.entries(manifest.exports).filter(([, target]) => typeof target === 'object');
      const subpaths = targets.map(([subpath, target]) => ({ subpath, types: target.types, file: target.default }));
      return { name: manifest.name, folder, manifest, subpaths };
    });
}
