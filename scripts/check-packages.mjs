// What a user would install: each package is packed once, then read by publint and by attw; and what importing it loads.
import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkImports } from './check-imports.mjs';
import { outputOf } from './run.mjs';
import { packages } from './packages.mjs';

const out = resolve('.cache/packed');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

// Two at a time: each tool uses one core, and starts slowly.
const waiting = packages();
await Promise.all([checkRest(), checkRest()]);
for (const wrong of await checkImports()) {
  console.error(wrong);
  process.exitCode = 1;
}

async function checkRest() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    await check(next).then(
      () => console.log(`${next.name}: fit to publish`),
      (error) => {
        console.error(`${next.name}: ${error.message}`);
        process.exitCode = 1;
      },
    );
  }
}

async function check({ folder, subpaths }) {
  const packed = await outputOf('pnpm', ['pack', '--pack-destination', out], { cwd: folder });
  const tarball = packed.trim().split('\n').at(-1);
  await outputOf('publint', ['run', tarball, '--strict']);
  // A package without subpaths is a command line and has no types to resolve.
  const attw = [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii'];
  if (subpaths.length > 0) await outputOf('attw', attw);
}
