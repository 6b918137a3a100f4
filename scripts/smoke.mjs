// Loads every built subpath with require() and with import, on each Node that is promised; only this finds a
// package that type-checks and cannot be loaded.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nodeBinary, otherNodes } from './nodes.mjs';
import { packages } from './packages.mjs';
import { exitCodeOf, outputOf } from './run.mjs';

if (process.argv.includes('--here')) await loadAll();
else await onEveryNode();

async function onEveryNode() {
  const binaries = [process.execPath];
  for (const version of otherNodes) binaries.push(await nodeBinary(version));
  for (const binary of binaries) {
    const code = await exitCodeOf(binary, ['--no-warnings', fileURLToPath(import.meta.url), '--here']);
    if (code !== 0) process.exitCode = 1;
  }
}

async function loadAll() {
  let loaded = 0;
  for (const { name, folder, manifest, subpaths } of packages()) {
    const require = createRequire(pathToFileURL(join(process.cwd(), folder, 'package.json')));
    for (const { subpath } of subpaths) {
      const id = join(name, subpath);
      // require() first: after an import it would find the module loaded and prove nothing.
      const required = Object.keys(require(id));
      const imported = Object.keys(await import(pathToFileURL(require.resolve(id))));
      if (required.join() !== imported.join()) throw new Error(`${id}: require() and import see different exports`);
      loaded += 1;
    }
    for (const bin of Object.values(manifest.bin ?? {})) {
      await outputOf(process.execPath, [join(folder, bin), '--version']);
      loaded += 1;
    }
  }
  console.log(`Node ${process.version}: ${loaded} entries load`);
}
