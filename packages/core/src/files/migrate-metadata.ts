import { ConductorError } from '../kernel/error.js';
import type { Json } from '../ports/values.js';
import type { Finding } from '../kernel/finding.js';
import type { Step, StepStatus } from '../track/model.js';
import { inferLoopState } from './infer-loop-state.js';
import type { FolderFacts } from './infer-loop-state.js';
import { readJsonText, valueOf } from './json-text.js';
import { isObject, ownOf } from './metadata-codec.js';
import type { CheckpointEntries, LoopStateEntry, MetadataV3, TrackStatus } from './metadata-model.js';
import { parseMetadata, writeMetadata } from './metadata.js';
import type { MetadataRead } from './metadata.js';
import { placeKeys } from './place-keys.js';

/** A migrated `metadata.json`. */
export interface MetadataMigration {
  /** The text to write; the given one, character for character, when there is nothing to do. */
  readonly text: string;
  /** Version that the file had; 0: it is no JSON object and cannot be migrated. */
  readonly from: number;
  readonly to: 3;
  /** Where to keep the old text before writing; absent when nothing changes. */
  readonly backupName?: string;
  readonly findings: readonly Finding[];
}

/**
 * Brings `metadata.json` of version 1 or 2 to version 3. Pure: nothing is written. A missing step is inferred
 * from the folder; board sessions and the parallel state move to their published places; older names of keys and words
 * become the published ones. Unknown keys, their order and all values that mean the same stay. A file of version 3 or
 * newer, and one that cannot be read, comes back as it is. Migrating twice changes nothing more. Never throws.
 */
export function migrateMetadata(text: string, facts: FolderFacts = {}): MetadataMigration {
  const read = parseMetadata(text);
  if (!read.metadata) return { text, from: 0, to: 3, findings: read.findings };
  const from = Math.max(read.version, newerVersion(text));
  if (from >= 3) return { text, from, to: 3, findings: read.findings };
  try {
    const placed = placeKeys(text);
    const { metadata = {}, foreign } = parseMetadata(placed);
    const { fields, findings } = completed(metadata, { keys: keysOf(placed), facts, foreign });
    return {
      text: writeMetadata(placed, fields),
      from,
      to: 3,
      backupName: `metadata.json.v${from}.bak`,
      findings: [...read.findings, ...findings],
    };
  } catch (error) {
    if (!ConductorError.is(error)) throw error; // a file at the limit of size or depth grows beyond it
    return { text, from, to: 3, findings: [...read.findings, damaged(error.message)] };
  }
}

/** A newer program's file without a loop is not ours to complete. */
function newerVersion(text: string): number {
  const version = ownOf(rootOf(text), 'version');
  const stated = typeof version === 'object' ? 0 : Number(version); // an object may refuse to become a number
  return Number.isInteger(stated) && stated > 3 ? stated : 0;
}

type JsonObject = { readonly [key: string]: Json };

function rootOf(text: string): JsonObject {
  const root = valueOf(readJsonText(text).node);
  return isObject(root) ? root : {};
}

function keysOf(text: string): ReadonlySet<string> {
  return new Set(Object.keys(rootOf(text)));
}

interface Known {
  readonly keys: ReadonlySet<string>;
  readonly facts: FolderFacts;
  readonly foreign: MetadataRead['foreign'];
}

/** The fields that version 3 must have and the whole loop; everything else the file says already is left alone. */
function completed(
  metadata: MetadataV3,
  { keys, facts, foreign }: Known,
): { readonly fields: MetadataV3; readonly findings: readonly Finding[] } {
  const finished = metadata.status === 'complete';
  const written = metadata.loopState ?? {};
  const inferred =
    written.currentStep === undefined
      ? inferLoopState(facts, { finished })
      : { step: written.currentStep, status: written.stepStatus ?? 'NOT_STARTED', findings: [] };
  const loopState = { ...loopDefaults(inferred.step, facts, metadata.loopState === undefined), ...written };
  return {
    findings: inferred.findings,
    fields: {
      ...(!keys.has('track_id') && facts.trackId !== undefined && { trackId: facts.trackId }),
      ...(!keys.has('status') && { status: statusOfStep(inferred.step, inferred.status) }),
      loopState: {
        ...loopState,
        // A word that is none of ours is not written over with a guess.
        ...(foreign?.step === undefined && { currentStep: inferred.step }),
        ...(foreign?.status === undefined && { stepStatus: inferred.status }),
      },
    },
  };
}

function loopDefaults(step: Step, facts: FolderFacts, isNew: boolean): LoopStateEntry {
  return {
    stepStartedAt: null,
    // The transition into FIX counts the cycle that begins.
    fixCycleCount: Math.max(isNew ? (facts.fixCycles ?? 0) : 0, isNew && step === 'FIX' ? 1 : 0),
    maxFixCycles: 3,
    checkpoints: isNew ? provenCheckpoints(facts) : {},
  };
}

/** What the reports and marks prove about single steps, so that an executor finds the evaluation that it asks for. */
function provenCheckpoints({ tasks, planVerdict, executionVerdict }: FolderFacts): CheckpointEntries {
  const entry = (verdict: 'PASS' | 'FAIL') => ({ status: verdict === 'PASS' ? 'PASSED' : 'FAILED', verdict }) as const;
  return {
    ...(planVerdict && { EVALUATE_PLAN: entry(planVerdict) }),
    ...(tasks && tasks.done > 0 && { EXECUTE: { tasksCompleted: tasks.done, tasksTotal: tasks.total } }),
    ...(executionVerdict && { EVALUATE_EXECUTION: entry(executionVerdict) }),
  };
}

function statusOfStep(step: Step, status: StepStatus): TrackStatus {
  if (step === 'COMPLETE' && status === 'PASSED') return 'complete';
  if (status === 'BLOCKED') return 'blocked';
  return step === 'PLAN' && status === 'NOT_STARTED' ? 'new' : 'in_progress';
}

function damaged(message: string): Finding {
  return {
    severity: 'error',
    code: 'FILE_DAMAGED',
    message: `metadata.json cannot be migrated: ${message}`,
    path: 'metadata.json',
  };
}
