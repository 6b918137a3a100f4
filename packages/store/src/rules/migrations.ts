import { ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';

/** One step of a schema. A shipped one is never changed: its checksum is stored with the data. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** A step that a database went through, as it is noted there. */
export interface AppliedStep {
  readonly number: number;
  readonly checksum: string;
}

/** The steps that a database has yet to go through. Throws STORE_NEWER, and STORE_CORRUPT for a step that was changed. */
export function pendingSteps(applied: readonly AppliedStep[], steps: readonly Migration[]): readonly Migration[] {
  for (const { number, checksum } of applied) {
    const step = steps.find((other) => other.number === number);
    if (step === undefined)
      throw new ConductorError('STORE_NEWER', `The store has schema step ${number}, which this version does not know`);
    if (sha256Hex(step.sql) !== checksum)
      throw new ConductorError(
        'STORE_CORRUPT',
        `The schema step ${number} (${step.name}) is not the one that was applied`,
      );
  }
  return steps.filter(({ number }) => !applied.some((other) => other.number === number));
}
