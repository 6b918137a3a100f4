import { instant } from '@conductor/core';
import type { TaskState } from '@conductor/core';
import { formatPhaseReport } from '@conductor/core/files';
import type { PhaseReport } from '@conductor/core/files';
import type { Content, EventEnvelope, Json } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { contentOf, readStream } from '../load.js';
import type { TrackSession } from '../run/track-session.js';
import { isFile, planPhases } from './plan-phases.js';
import type { PlanPhase } from './plan-phases.js';
import { passedGates } from './gates-on-record.js';

/**
 * The report of a phase whose last task is done, made from what is on record at this moment: it goes into the fact
 * `phase.completed`, so that the view never changes again. The name under which it lies is {@link phaseReportName}.
 */
export async function phaseReport(
  { engine, state }: TrackSession,
  ordinal: number,
): Promise<{ readonly report: Content } | undefined> {
  const phase = (await planPhases(engine, state)).find((each) => each.ordinal === ordinal);
  if (!phase) return undefined;
  const events = await readStream(engine.store, `track/${state.id}`);
  const text = formatPhaseReport({
    phase: phase.label,
    title: phase.title,
    date: instant(engine.clock.now()),
    status: 'Complete',
    deliverables: deliverablesOf(phase, upTo(engine)),
    gates: [...passedGates(state.id, events), ...taskGates(phase)],
    ...testsOf(phase, events),
    notes: notesOf(phase),
  });
  return { report: await contentOf(engine, text) };
}

/** Reports of phases as files below the track's folder: name and text, the last completion of each phase. */
export function phaseReports(
  phases: readonly PlanPhase[],
  events: readonly EventEnvelope[],
): readonly { readonly name: string; readonly report: Content }[] {
  const reports = new Map<number, Content>();
  for (const { type, data } of events) {
    if (type !== 'phase.completed') continue;
    const { phase, report } = data as unknown as { phase: number; report?: Content }; // our own payload of that type
    if (report) reports.set(phase, report);
  }
  return [...reports].map(([ordinal, report]) => ({
    name: phaseReportName(phases.find((phase) => phase.ordinal === ordinal)?.label ?? String(ordinal)),
    report,
  }));
}

export const phaseReportName = (label: string) => `reports/phase-${label}.md`;

/** From `<folder>/tracks/<id>/reports/` to the root of the project. */
function upTo({ folder }: Pick<EngineContext, 'folder'>): string {
  return '../'.repeat(folder.split('/').length + 3);
}

/** Every task that is done; a link where it has one file. */
export function deliverablesOf({ tasks }: Pick<PlanPhase, 'tasks'>, up: string): PhaseReport['deliverables'] {
  return tasks
    .filter(({ status }) => status === 'done')
    .map(({ task, commit }) => {
      const [file] = task.files;
      const linked = task.files.length === 1 && file !== undefined && isFile(file);
      const sha = commit === undefined ? '' : ` (${commit.slice(0, 12)})`;
      return { text: `Task ${task.id}: ${task.title}${sha}`, ...(linked && { link: `${up}${file}` }) };
    });
}

function taskGates({ tasks }: PlanPhase): readonly string[] {
  const done = tasks.filter(({ status }) => status === 'done');
  const files = done.flatMap(({ task }) => task.files.filter(isFile));
  const commits = done.filter(({ commit }) => commit !== undefined);
  return [
    ...(files.length > 0 ? [`Files: ${files.length} of ${files.length} are there`] : []),
    ...(commits.length > 0 ? [`Commits: ${commits.length} of ${done.length} tasks`] : []),
  ];
}

const kinds = [
  ['unit', ['unit']],
  ['integration', ['integration']],
  ['endToEnd', ['endToEnd', 'e2e']],
] as const;

/** Counts that workers told in `answer.tests`; nothing where nobody told any. */
function testsOf({ tasks }: PlanPhase, events: readonly EventEnvelope[]): Pick<PhaseReport, 'tests'> {
  const last = new Map<string, Json>();
  for (const { type, data } of events) {
    if (type !== 'task.reported') continue;
    const { taskId, answer } = data as unknown as { taskId: string; answer?: Json }; // our own payload of that type
    const told = fieldOf(answer, 'tests');
    if (told !== undefined && tasks.some(({ task }) => task.id === taskId)) last.set(taskId, told);
  }
  if (last.size === 0) return {};
  const sum = (names: readonly string[]) =>
    [...last.values()]
      .flatMap((told) => names.map((name) => fieldOf(told, name)))
      .reduce<number>((all, count) => all + countOf(count), 0);
  const [unit, integration, endToEnd] = kinds.map(([, names]) => sum(names));
  return { tests: { unit: unit ?? 0, integration: integration ?? 0, endToEnd: endToEnd ?? 0 } };
}

function fieldOf(value: Json | undefined, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, Json>>)[name]
    : undefined;
}

const countOf = (value: Json | undefined) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;

function notesOf({ tasks }: PlanPhase): readonly string[] {
  return tasks.flatMap((task) => noteOf(task) ?? []);
}

function noteOf({ task, status, note }: TaskState): string | undefined {
  if (status === 'skipped') return `Task ${task.id} was left out: ${task.title}`;
  return note === undefined || note.trim() === '' ? undefined : `Task ${task.id}: ${note}`;
}
