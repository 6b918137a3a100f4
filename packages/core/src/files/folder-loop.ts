import { transitions } from '../loop/transitions.js';
import type { Finding } from '../kernel/finding.js';
import type { Step, StepStatus } from '../track/model.js';
import { inferLoopState } from './infer-loop-state.js';
import type { FolderFacts } from './infer-loop-state.js';
import type { MetadataV3 } from './metadata-model.js';
import type { MetadataRead } from './metadata.js';
import type { Imported, TrackFolder } from './track-folder.js';
import { maxFindings, warning } from './folder-warning.js';

/** What the state of a loop is read off. */
interface Sources {
  readonly folder: TrackFolder;
  readonly read: MetadataRead | undefined;
  /** The loop stands in the file, whoever wrote it. */
  readonly written: boolean;
  readonly metadata: MetadataV3;
  readonly facts: FolderFacts;
}

/** Where the loop of the track stands: what the file says, or else what the folder tells. */
export function loopOf(sources: Sources, findings: Finding[]): Imported['loop'] {
  const { read, metadata, facts } = sources;
  const written = metadata.loopState ?? {};
  const { step, status } = placeOf(sources, findings);
  const foreign = read?.foreign;
  const failures = written.checkpoints?.FIX?.fixesRemaining ?? written.checkpoints?.EVALUATE_EXECUTION?.failureItems;
  const planVersion = written.checkpoints?.PLAN?.planVersion ?? 1;
  return {
    step,
    status,
    ...(foreign && { foreign }),
    ...(written.executionMode && { mode: written.executionMode }),
    fixCycles: counted(written.fixCycleCount ?? facts.fixCycles ?? 0),
    planRevisions: counted(written.planRevisionCount ?? planVersion - 1),
    ...(written.checkpoints?.EVALUATE_EXECUTION?.businessSyncRequired === true && { businessSync: true }),
    ...(step === 'PLAN' && status === 'IN_PROGRESS' && { replan: true }),
    ...(failures && failures.length > 0 && { failures: [...failures].slice(0, maxFindings) }),
    // A report says that the plan has passed; what metadata.json says of that gate counts more.
    checkpoints: {
      ...(facts.planVerdict === 'PASS' && { EVALUATE_PLAN: { status: 'PASSED' } }),
      ...checkpointsOf(metadata),
    },
  };
}

const counted = (value: number) => (value < 0 ? 0 : Math.min(value, Number.MAX_SAFE_INTEGER));

function placeOf(
  { folder, read, written, metadata, facts }: Sources,
  findings: Finding[],
): { step: Step; status: StepStatus } {
  const { currentStep, stepStatus } = metadata.loopState ?? {};
  // Tools without a loop keep the end of a track in the list alone.
  const open = facts.tasks !== undefined && facts.tasks.done < facts.tasks.total;
  const listed = !written && folder.row?.section === 'completed' && !open;
  const finished = metadata.status === 'complete' || (currentStep === 'COMPLETE' && stepStatus === 'PASSED') || listed;
  if (finished) {
    const contradicts = written && currentStep !== undefined && currentStep !== 'COMPLETE';
    if (contradicts)
      findings.push(warning('STATE_CONTRADICTS', `The track is called finished, but its step is ${currentStep}`));
    if (listed) findings.push(warning('STATE_INFERRED', 'tracks.md lists the track as completed'));
    return { step: 'COMPLETE', status: 'PASSED' };
  }
  const foreign = read?.foreign;
  const inferred = inferLoopState(facts);
  if (currentStep === undefined && !foreign?.step) findings.push(...inferred.findings);
  const step = currentStep ?? inferred.step;
  if (foreign) {
    const words = Object.values(foreign)
      .map((word) => JSON.stringify(word.slice(0, 80)))
      .join(' / ');
    findings.push(
      warning(
        'STATE_UNKNOWN',
        `metadata.json says ${words}, which no transition knows; the folder reads as ${step}`,
        'error',
      ),
    );
    return { step, status: 'BLOCKED' };
  }
  if (step === 'BRAINSTORM' && metadata.superpowerEnhanced !== true) {
    findings.push(warning('STATE_CONTRADICTS', 'Agents of this family do not brainstorm: the track begins with PLAN'));
    return { step: 'PLAN', status: 'NOT_STARTED' };
  }
  const status = currentStep === undefined ? inferred.status : (stepStatus ?? 'NOT_STARTED');
  return { step, status: resumable(step, status, findings) };
}

/** What was being judged or completed elsewhere is judged or completed again: its results are not in our log. */
function resumable(step: Step, status: StepStatus, findings: Finding[]): StepStatus {
  const again = step === 'EVALUATE_PLAN' || step === 'EVALUATE_EXECUTION' || step === 'COMPLETE' || step === 'FIX';
  if (again && status === 'IN_PROGRESS') return 'NOT_STARTED';
  const known =
    status === 'BLOCKED' || transitions.some((row) => row.step === step && (row.status ?? status) === status);
  if (!known)
    findings.push({
      ...warning('STATE_UNKNOWN', `No transition knows ${step} / ${status}`, 'error'),
      hint: 'Write a pair of the table into metadata.json, or leave the step out: then it is read off the folder.',
    });
  return status;
}

function checkpointsOf({ loopState }: MetadataV3): Imported['loop']['checkpoints'] {
  const checkpoints: Imported['loop']['checkpoints'] = {};
  for (const [step, entry] of Object.entries(loopState?.checkpoints ?? {})) {
    if (entry.status === undefined) continue;
    checkpoints[step as Step] = {
      status: entry.status,
      ...(entry.startedAt != null && { startedAt: entry.startedAt }),
      ...(entry.completedAt != null && { completedAt: entry.completedAt }),
      ...(entry.agent != null && { agent: entry.agent }),
    }; // keys of the model are steps
  }
  return checkpoints;
}
