import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The full counts instead of those that every run of the tests can afford (R37). */
export const full = process.env['CONDUCTOR_PROVE'] !== undefined;

/** Where a campaign starts: `CONDUCTOR_SEED=<n>` repeats one. */
export const firstSeed = Number(process.env['CONDUCTOR_SEED'] ?? 1);

const folder = fileURLToPath(new URL('../../../../docs/proofs/', import.meta.url));

/** Prints what a campaign showed; a full one also becomes `docs/proofs/<name>.json`. */
export function report(name: string, proves: string, facts: Readonly<Record<string, unknown>>): void {
  console.log(`${name}: ${JSON.stringify(facts)}`);
  if (!full) return;
  const proof = { proves, date: new Date().toISOString().slice(0, 10), node: process.version, ...facts };
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(proof, undefined, 2)}\n`);
}
