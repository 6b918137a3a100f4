// Stands in for a coding agent: a real process that writes real code, by heart. It shows what happens to the best:
// task 3.2 fails at its first attempt, and task 1.1 breaks something that only the whole test suite sees.
import { existsSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { answer, assignment, trace } from './assignment.mjs';

const read = (path) => readFileSync(path, 'utf8');

/** Inserts a line after the one that holds `anchor`, once: the same attempt may run twice after a crash. */
function insertAfter(path, anchor, line) {
  const text = read(path);
  if (text.includes(line)) return;
  writeFileSync(path, text.replace(anchor, `${anchor}\n${line}`));
}

const work = {
  '1.1': () =>
    writeFileSync(
      'src/table.js',
      `/** Letters that no decomposition helps with. */
export const table = new Map([
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['Æ', 'AE'],
  ['ø', 'o'],
  ['Ø', 'O'],
  ['ł', 'l'],
  ['Ł', 'L'],
  ['&', ' and '],
]);
`,
    ),
  '1.2': () => writeFileSync('src/classes.js', `/** Marks that stand above or below a letter. */\nexport const marks = /\\p{M}+/gu;\n`),
  '1.3': () =>
    writeFileSync(
      'test/samples.js',
      `/** Titles with their slugs. */\nexport const samples = [\n  ['Crème Brûlée', 'creme-brulee'],\n  ['Straße', 'strasse'],\n  ['Łódź', 'lodz'],\n];\n`,
    ),
  '2.1': () =>
    writeFileSync(
      'src/transliterate.js',
      `import { marks } from './classes.js';
import { table } from './table.js';

/** Replaces letters outside a-z by their nearest ones. */
export function transliterate(text) {
  return [...text.normalize('NFKD').replace(marks, '')].map((letter) => table.get(letter) ?? letter).join('');
}
`,
    ),
  '2.2': () =>
    insertAfter(
      'src/slug.js',
      "  result = result.replace(/[^a-z0-9]+/g, '-');",
      "  if (options.separator !== undefined) result = result.replaceAll('-', options.separator);",
    ),
  '2.3': () =>
    insertAfter(
      'src/slug.js',
      "  result = result.replace(/[^a-z0-9]+/g, '-');",
      '  if (options.maxLength !== undefined) result = result.slice(0, options.maxLength);',
    ),
  '3.1': () => {
    const text = read('src/slug.js');
    if (text.includes('transliterate')) return;
    writeFileSync(
      'src/slug.js',
      `import { transliterate } from './transliterate.js';\n\n${text.replace('let result = text.toLowerCase();', 'let result = transliterate(text).toLowerCase();')}`,
    );
  },
  '3.2': () => {
    if (assignment.attempt === 1) {
      console.error('The first attempt at the tests went wrong.');
      process.exit(1);
    }
    writeFileSync(
      'test/transliterate.test.js',
      `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug } from '../src/slug.js';
import { samples } from './samples.js';

for (const [title, expected] of samples) {
  test(\`makes \${expected} of \${title}\`, () => assert.equal(slug(title), expected));
}
`,
    );
  },
  '3.3': () => {
    const text = read('README.md');
    if (text.includes('Crème')) return;
    writeFileSync(
      'README.md',
      `${text}\nLetters outside a-z are replaced: \`slug('Crème Brûlée')\` gives \`creme-brulee\`.\nOptions: \`separator\` (\`slug('a b', { separator: '_' })\` gives \`a_b\`) and \`maxLength\`.\n`,
    );
  },
};

/** The whole suite says that `&` must go: the table may not translate it. */
function fix() {
  writeFileSync('src/table.js', read('src/table.js').replace("  ['&', ' and '],\n", ''));
}

/** The three tasks of phase 1 wait for each other: proof that they run at the same time. */
async function meet(id) {
  const barrier = '.demo/barrier';
  mkdirSync(barrier, { recursive: true });
  writeFileSync(`${barrier}/${id}`, '');
  const all = () => ['1.1', '1.2', '1.3'].every((other) => existsSync(`${barrier}/${other}`));
  await new Promise((resolve) => {
    const watcher = watch(barrier, () => {
      if (all()) resolve(watcher.close());
    });
    if (all()) resolve(watcher.close());
  });
  return readdirSync(barrier).length;
}

const { id } = assignment.task;
trace(`task=${id} attempt=${assignment.attempt} recovery=${assignment.recovery} pid=${process.pid}`);
if (['1.1', '1.2', '1.3'].includes(id)) await meet(id);
if (assignment.role === 'fixer') fix();
else work[id]();
answer({ status: 'done', summary: assignment.role === 'fixer' ? 'The table leaves & alone' : `Did task ${id}` });
