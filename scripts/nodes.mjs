import { existsSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf } from './run.mjs';

/** The Node versions that libraries promise to run on, besides the one that runs this. */
export const otherNodes = ['22.23.3', '24.21.0'];

/** The path of a Node binary of that version: npm's own `node` package, fetched once into .cache. */
export async function nodeBinary(version) {
  const note = join('.cache', `node-${version}.path`);
  if (existsSync(note)) {
    const known = readFileSync(note, 'utf8');
    if (existsSync(known)) return known;
  }
  mkdirSync('.cache', { recursive: true });
  const cache = join(process.cwd(), '.cache', 'npm');
  const args = [
    'exec',
    '--yes',
    `--cache=${cache}`,
    `--package=node@${version}`,
    '--',
    'node',
    '-p',
    'process.execPath',
  ];
  const found = (await outputOf('npm', args, { cwd: '.cache' })).trim();
  writeFileSync(note, found);
  return found;
}
