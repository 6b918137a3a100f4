import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach } from 'vitest';
import type { RunnerTestCase, RunnerTestFile, RunnerTestSuite } from 'vitest';

/** The full counts instead of those that every run of the tests can afford (R37). */
export const full = process.env['CONDUCTOR_PROVE'] !== undefined;

/** Where a campaign starts: `CONDUCTOR_SEED=<n>` repeats one. */
export const firstSeed = Number(process.env['CONDUCTOR_SEED'] ?? 1);

const folder = new URL('docs/proofs/', import.meta.url);

export interface Proof {
  /** What is shown, as a sentence. */
  readonly proves: string;
  /** Asked when all tests of the file have ended: counts and seeds. */
  readonly facts: () => Readonly<Record<string, unknown>>;
  /** A proof of several files has a part for each, which tells its own date. */
  readonly part?: string;
}

/**
 * Call it once, at the top of a test file: prints what its tests showed. A full campaign that ended well also becomes
 * `docs/proofs/<name>.json`; what this machine cannot show, and therefore skipped, stands there by its name.
 */
export function proof(name: string, { proves, facts, part }: Proof): void {
  const began = process.hrtime.bigint();
  let file: RunnerTestFile | undefined;
  beforeEach(({ task }) => {
    ({ file } = task);
  });
  afterAll(() => {
    if (file === undefined) return; // everything was skipped
    const tests = testsOf(file);
    const shown = facts();
    console.log(`${part === undefined ? name : `${name}, ${part}`}: ${JSON.stringify(shown)}`);
    const skipped = tests.filter(({ mode, result }) => mode === 'skip' || result?.state === 'skip');
    const ended = tests.every((test) => skipped.includes(test) || test.result?.state === 'pass');
    if (!full || !ended) return;
    write(name, part, {
      proves,
      date: new Date().toISOString().slice(0, 10),
      node: process.version,
      seconds: Math.round(Number(process.hrtime.bigint() - began) / 1e9),
      ...(skipped.length > 0 && { notShown: skipped.map((test) => test.name) }),
      ...shown,
    });
  });
}

function write(name: string, part: string | undefined, found: Readonly<Record<string, unknown>>): void {
  const file = fileURLToPath(new URL(`${name}.json`, folder));
  const whole = part === undefined ? found : { ...partsIn(file), [part]: found };
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(whole, undefined, 2)}\n`);
}

function partsIn(file: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>; // written above
  } catch {
    return {}; // the first part
  }
}

function testsOf({ tasks }: Pick<RunnerTestSuite, 'tasks'>): readonly RunnerTestCase[] {
  return tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task) : [task]));
}
