// Runs in a process of its own, because it reads the sources.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findingCodes } from '../../kernel/error-codes.js';

const folder = fileURLToPath(new URL('..', import.meta.url));

it('every code of a finding that is written here is listed and documented, and every listed one is written', () => {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.includes('.test.'),
  );
  const text = sources.map((name) => readFileSync(`${folder}/${name}`, 'utf8')).join('\n');
  const written = new Set([...text.matchAll(/'(PLAN_[A-Z_]+)'/g)].map(([, code]) => code));
  expect([...written].sort()).toEqual(findingCodes.filter((code) => code.startsWith('PLAN_')));
});
