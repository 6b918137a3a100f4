import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.shared.js';

const folder = import.meta.dirname;

/** What is built into the files of this package instead of being installed beside it. */
const builtIn = { zod: 'LICENSE', uuid: 'LICENSE.md', '@noble/hashes': 'LICENSE' };

/** The package itself. Whoever needs zod finds the one file of it by its name. */
const core = library(folder, 'neutral', {
  external: ['#zod', '@conductor/core/schema'],
  clean: ['!types/**', '!schema/zod.js'],
  async onSuccess() {
    const licences = Object.entries(builtIn).map(([name, file]) => {
      const { version } = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')) as {
        version: string;
      };
      return `${name} ${version}\n\n${readFileSync(join(folder, 'node_modules', name, file), 'utf8')}`;
    });
    writeFileSync(join(folder, 'dist/LICENSES.txt'), licences.join('\n'));
  },
});

/**
 * `#zod` in the built package: the words of zod that we use, as one function that runs at the first call. Importing a hundred
 * modules and all languages of their messages would be most of the time that a process needs before its first step.
 */
const zod = defineConfig({
  entry: { 'schema/zod': 'src/schema/words.ts' },
  format: 'iife',
  globalName: 'words',
  outExtension: () => ({ js: '.js' }),
  banner: {
    js: '/*! zod, MIT: see LICENSES.txt */\nlet zod_;export function zod(){return zod_??=run()}function run(){',
  },
  footer: { js: 'return words}' },
  tsconfig: 'tsconfig.build.json',
  target: 'node20',
  platform: 'neutral',
  minify: true,
  noExternal: ['zod'],
});

export default process.argv.includes('--dts-only') ? core : [core, zod];
