import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { firstSeed, full, proof } from '../../../proof.shared.js';
import { killCases, killedRun } from './kill-runs.js';
import type { KillCase, KilledRun } from './kill-runs.js';
import { testFolder } from './quickstart.js';

const count = Number(process.env['CONDUCTOR_KILLS'] ?? (full ? 200 : 8));
/** `CONDUCTOR_CASES=152,177`: these seeds of the whole list alone, to look at one again; then no proof is written. */
const chosen = process.env['CONDUCTOR_CASES']?.split(',').map(Number);
const cases = killCases(count, firstSeed).filter(({ seed }) => chosen?.includes(seed) ?? true);
/** Half of a run is waiting for children. */
const atOnce = 3;
const shown: KilledRun[] = [];
if (chosen === undefined)
  proof('kill', {
    proves:
      'A run of the quickstart, killed by SIGKILL and resumed by `conductor run`, loses nothing and does nothing twice.',
    facts: () => factsOf(shown),
  });

const place = testFolder('kill');
afterAll(place.remove, 300_000);

it(
  `loses nothing and does nothing twice, killed at ${cases.length} moments of the run`,
  async () => {
    const left = [...cases];
    const runs: KilledRun[] = [];
    const failures: string[] = [];
    const next = async (): Promise<void> => {
      for (let one: KillCase | undefined = left.shift(); one; one = left.shift()) {
        await killedRun(one, place).then(
          (run) => {
            runs.push(run);
            removeSoon(join(place.root, `project-${run.seed}`));
          },
          (error: unknown) => failures.push(`seed ${JSON.stringify(one)}: ${reasonOf(error)}`),
        );
      }
    };
    await Promise.all(Array.from({ length: atOnce }, next));
    expect(failures.join('\n\n')).toBe('');
    expect(runs.filter(({ at }) => at.length > 0)).toHaveLength(cases.length);
    // What workers are handed lies in private files: none is left behind by a kill.
    expect(readdirSync(place.temporary)).toEqual([]);
    shown.push(...runs);
  },
  full || count > 8 ? 3_600_000 : 600_000,
);

/** A process that outlived its run may still write there: then it is removed at the end, with all others. */
function removeSoon(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // at the end
  }
}

/** What was found instead: with many runs, the message alone says too little. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { actual, expected } = error as { actual?: unknown; expected?: unknown };
  return [error.message, inspect(actual, { depth: 4 }), inspect(expected, { depth: 4 })].join('\n').slice(0, 4000);
}

function factsOf(runs: readonly KilledRun[]) {
  const sorted = runs.toSorted((a, b) => a.seed - b.seed);
  return {
    runs: sorted.length,
    kills: sorted.reduce((sum, { at }) => sum + at.length, 0),
    tasksInterrupted: sorted.reduce((sum, { interrupted }) => sum + interrupted, 0),
    // Lines that the process had printed, milliseconds after, and where the log stood.
    seeds: sorted.map(({ seed, kills, all, at }) => ({
      seed,
      all,
      kills: at.map((where, index) => [kills[index]?.lines, kills[index]?.delayMs, where]),
    })),
  };
}
