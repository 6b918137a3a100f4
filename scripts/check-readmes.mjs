// The TypeScript examples of the packages' READMEs compile against the sources, so they cannot drift from the API.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exitCodeOf } from './run.mjs';
import { packages } from './packages.mjs';
import { tsc } from './tsc.mjs';

const out = '.cache/readmes';
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const paths = {};
for (const { name, folder, manifest } of packages()) {
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    const source = target['@conductor/source'];
    if (source) paths[join(name, subpath)] = [join('../..', folder, source)];
  }
  const readme = join(folder, 'README.md');
  if (!existsSync(readme)) continue;
  const examples = [...readFileSync(readme, 'utf8').matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code);
  for (const [index, code] of examples.entries()) writeFileSync(join(out, `${basename(folder)}-${index + 1}.ts`), code);
}
const compilerOptions = {
  noEmit: true,
  paths,
  customConditions: ['@conductor/source'], // for what a package imports of itself
  typeRoots: ['../../node_modules/@types'],
};
writeFileSync(join(out, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions }));
process.exitCode = await exitCodeOf('node', [tsc, '-p', out]);
