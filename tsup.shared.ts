import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'tsup';
import type { Options } from 'tsup';

interface Manifest {
  exports: Record<string, string | { '@conductor/source': string }>;
  bin?: Record<string, string>;
}

/** The build of one library. Its entries are the `@conductor/source` files of its package.json, so a subpath is declared once. */
export function library(folder: string, platform: 'neutral' | 'node', more: Options = {}) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const exported = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [] : target['@conductor/source'],
  );
  const bins = Object.values(manifest.bin ?? {}).map((file) => file.replace('/dist/', '/src/').replace(/\.js$/, '.ts'));
  const sources = [...exported, ...bins];
  return defineConfig({
    entry: Object.fromEntries(sources.map((file) => [file.replace(/^\.\/src\/|\.ts$/g, ''), file])),
    format: 'esm',
    tsconfig: 'tsconfig.build.json',
    target: 'node20',
    platform,
    sourcemap: true,
    // Types are a build of their own: they need the types of other packages, and no test or demo needs them.
    clean: ['!types/**'],
    // Shared chunks: two copies of an error class in two subpaths would not know each other.
    splitting: true,
    removeNodeProtocol: false,
    ...more,
  });
}
