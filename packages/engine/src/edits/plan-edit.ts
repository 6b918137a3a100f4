import { instant } from '@conductor/core';
import type { Finding, TrackCommand, TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { mergePlan, parsePlan, planModel } from '@conductor/core/plan';
import type { PlanConflict } from '@conductor/core/plan';
import type { EngineContext } from '../engine-context.js';
import { contentOf } from '../load.js';
import { loggedModel } from '../run/plan-text.js';
import { markedText, planText } from '../views/plan-view.js';
import { allowedCommands } from './allowed-commands.js';
import { decideEach } from './decide-each.js';
import type { Refusal } from './decide-each.js';
import { changedMarks, markEdits } from './plan-marks.js';
import { newErrors, planOps, tasksInReports } from './plan-changes.js';
import { fileActor } from './whose-edit.js';

/** An edit of plan.md by a person. */
export interface PlanFileEdit {
  readonly path: string;
  /** The file as we had left it, and as it is now. */
  readonly before: string;
  readonly theirs: string;
  /** Marks that were refused earlier and still stand in the file, with the status their task had then. */
  readonly earlier: Readonly<Record<string, string>>;
  /** Our own text beside which words of theirs were kept in the file. */
  readonly keptBeside?: string | undefined;
}

export interface PlanFileCommands {
  readonly commands: readonly TrackCommand[];
  readonly findings: readonly Finding[];
  /** Marks that did not become commands, with the status of their task: the file keeps them. */
  readonly marks: Readonly<Record<string, string>>;
  /** Something of theirs is in the file and not in the log. */
  readonly kept: boolean;
}

/**
 * Three-way: what a person changed in the file since our last writing, as commands on the plan as it is now. Marks are commands of
 * their own and do not raise the plan's revision; all other changes are one new revision. What is refused is a finding with its line.
 */
export async function planFileCommands(
  engine: EngineContext,
  state: TrackState,
  edit: PlanFileEdit,
): Promise<PlanFileCommands> {
  const { before, theirs, path, earlier } = edit;
  const changed = changedMarks(before, theirs);
  const marks = markEdits(state, changed, path, earlier);
  const except = new Set(changed.map(({ id }) => id));
  const ours = await planText(engine, state);
  const merged = mergePlan(markedText(before, state, except), ours, markedText(theirs, state, except));
  const context = { at: instant(engine.clock.now()), actor: fileActor };
  const onlyMarks = decideEach(state, marks.commands, context);
  // Where the file had other words than the log already, an edit of these words decides: it is what they were kept for.
  const decides = edit.keptBeside !== undefined && markedText(edit.keptBeside, state) === ours;
  const text = markedText(decides ? merged.theirs : merged.ours, onlyMarks.state);
  const errors = newErrors(before, theirs, path, state);
  const same = errors.length > 0 || text === (await planText(engine, onlyMarks.state));
  const decided = same
    ? onlyMarks
    : decideEach(state, [await revision(engine, state, ours, text), ...marks.commands], context);
  const { accepted, refused } = await allowedCommands(engine, state.id, 'plan.edit', decided);
  const findings = [
    ...marks.findings,
    ...(decides ? [] : conflictFindings(merged.conflicts, marks.findings, path, state)),
    ...errors,
    ...refused.map((refusal) => refusalFinding(refusal, edit)),
  ];
  const marksRefused = refused.flatMap(({ command }) => (command.name === 'task.mark' ? [command.data.taskId] : []));
  const left = [...marks.left, ...marksRefused].map((id) => [id, state.plan?.tasks.get(id)?.status ?? 'pending']);
  return {
    commands: accepted,
    findings: [...findings, ...tasksInReports(before, theirs, path)], // these words are in the log, and mean no work there
    marks: Object.fromEntries(left),
    kept: findings.length > 0,
  };
}

/** A mark in conflict has its own finding. */
function conflictFindings(
  conflicts: readonly PlanConflict[],
  marks: readonly Finding[],
  path: string,
  { plan }: TrackState,
): readonly Finding[] {
  return conflicts
    .filter(({ line: from, theirs }) => !marks.some(({ line = 0 }) => line >= from && line < from + theirs.length))
    .map(({ line }) => conflictFinding(path, line, plan?.revision ?? 0));
}

/** Somebody and we changed one line: their words stay in the file, ours in the log. */
export function conflictFinding(path: string, line: number, revision: number): Finding {
  return {
    severity: 'warning',
    code: 'EDIT_CONFLICT',
    path,
    line,
    message: `This line was changed here and in revision ${revision} of the plan`,
    hint: 'The file keeps this text, the log has the other one; the next edit of the line decides.',
  };
}

function refusalFinding({ command, error }: Refusal, { path, before, theirs }: PlanFileEdit): Finding {
  const line = command.name === 'task.mark' ? command.data.line : firstDifference(before, theirs);
  return {
    severity: 'warning',
    code: error.code,
    path,
    ...(line !== undefined && { line }),
    message: error.message,
    hint: 'The text stays in the file and changes nothing.',
  };
}

/** 1-based line of `theirs`; 1 where only the line ends differ. */
export function firstDifference(before: string, theirs: string): number {
  const lines = before.split(/\r\n|\n|\r/);
  const changed = theirs.split(/\r\n|\n|\r/);
  const at = changed.findIndex((line, index) => line !== lines[index]);
  if (at >= 0) return at + 1;
  return changed.length < lines.length ? changed.length : 1;
}

async function revision(
  engine: EngineContext,
  { plan }: TrackState,
  before: string,
  text: string,
): Promise<TrackCommand> {
  const model = planModel(parsePlan(text).plan);
  return {
    name: 'plan.edit',
    data: {
      base: plan?.revision ?? 0,
      text: await contentOf(engine, text),
      textHash: sha256Hex(text),
      model: loggedModel(model, 'count'),
      ops: planOps(planModel(parsePlan(before).plan), model),
      cause: 'person',
    },
  };
}
