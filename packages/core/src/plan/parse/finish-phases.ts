import type { PhaseDraft, PlanDrafts } from '../read/drafts.js';
import type { Phase, PhasePosition, PlanTask } from '../model/plan.js';
import { unique } from '../text/references.js';
import { assignIds } from './task-ids.js';
import type { AssignedIds } from './task-ids.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const none: readonly never[] = Object.freeze([]);

/** Makes phases of what was read, and gives their tasks ids. `nodes` are the ids of the dag, which may name tasks by words. */
export function finishPhases(
  drafts: PlanDrafts,
  nodes: ReadonlySet<string>,
): { readonly phases: readonly Phase[]; readonly repeats: AssignedIds['repeats'] } {
  const { repeats } = assignIds(drafts.phases, nodes, drafts.words);
  return { phases: phasesOf(drafts.phases), repeats };
}

/** Phases with their places, of drafts whose tasks have their ids. */
export function phasesOf(drafts: readonly PhaseDraft[]): readonly Phase[] {
  let ordinal = 0;
  return drafts.map((phase) => {
    if (phase.kind !== 'loose') ordinal += 1;
    return finishPhase(phase, phase.kind === 'loose' ? 0 : ordinal);
  });
}

function finishPhase(draft: PhaseDraft, ordinal: number): Phase {
  const { heading, hints } = draft;
  const checkpoint = heading?.checkpoint?.value ?? '';
  const tasks: readonly PlanTask[] = draft.tasks;
  const phase: Mutable<Phase> = {
    kind: draft.kind,
    title: draft.title,
    ordinal,
    dependsOn: hints === undefined ? none : unique(hints.dependsOn),
    dependenciesKnown: hints?.dependenciesKnown ?? false,
    tasks,
    line: draft.line,
    position: phasePosition(draft),
  };
  if (heading?.number !== undefined) phase.number = heading.number;
  if (heading?.cycle !== undefined) phase.cycle = heading.cycle;
  if (checkpoint !== '') phase.checkpoint = checkpoint;
  if (hints?.execution !== undefined) phase.execution = hints.execution;
  return phase;
}

function phasePosition({ heading, lineStart, lineEnd, end }: PhaseDraft): PhasePosition {
  const position: Mutable<PhasePosition> = { lineStart, lineEnd, end, level: heading?.level ?? 0 };
  const range = heading?.checkpoint;
  if (range !== undefined) position.checkpoint = { start: lineStart + range.start, end: lineStart + range.end };
  return position;
}
