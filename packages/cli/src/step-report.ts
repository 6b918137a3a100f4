import type { Finding, Step } from '@conductor/core';
import type { Cursor, EventQuery, Track, TrackRun } from '@conductor/core/api';
import type { EventEnvelope } from '@conductor/core/ports';
import type { Project } from '@conductor/node';
import { eventData } from './event-data.js';
import type { RunEnd } from './follow-run.js';

/** What an agent of the loop answers with: one line of verdict, what was done in a sentence, how many files it changed. */
export interface StepAnswer {
  readonly verdict: 'PASS' | 'FAIL';
  readonly summary: string;
  readonly filesChanged: number;
  /** Of steps that work tasks off. */
  readonly tasks?: TaskCounts;
  /** The step has ended; otherwise the run stopped before it. */
  readonly closed: boolean;
}

/** Tasks of one run: workers started, tasks done, tasks that failed for good. */
export interface TaskCounts {
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
}

/** Everything a run has written to its track's stream, oldest first. */
export async function eventsOfRun({ api }: Project, { trackId, feed }: TrackRun): Promise<readonly EventEnvelope[]> {
  const { everyItem } = await import('@conductor/core/api');
  const events: EventEnvelope[] = [];
  const query: EventQuery & Cursor = { trackId, after: feed.after ?? 0, stream: `track/${trackId}` };
  for await (const event of everyItem((asked, o) => api.events.list(asked, o), query)) events.push(event);
  return events;
}

/** How a step came out, from what its run has left on record. */
export function stepAnswer(step: Step, { track, stop }: RunEnd, events: readonly EventEnvelope[]): StepAnswer {
  const end = events.findLast(
    ({ type, data }) => type.startsWith('step.') && ends.has(type) && eventData(data).text('step') === step,
  );
  const passed = end !== undefined && end.type !== 'step.failed';
  const works = step === 'EXECUTE' || step === 'FIX';
  const tasks = taskCounts(events);
  return {
    verdict: passed ? 'PASS' : 'FAIL',
    summary: end ? summaryOf(step, { track, end, events, tasks }) : `${step} is not over: ${whyNot(track, stop)}`,
    filesChanged: filesOf(events).size,
    ...(works && { tasks }),
    closed: end !== undefined,
  };
}

const ends = new Set(['step.passed', 'step.failed', 'step.skipped']);

interface Facts {
  readonly track: Track;
  readonly end: EventEnvelope;
  readonly events: readonly EventEnvelope[];
  readonly tasks: TaskCounts;
}

function summaryOf(step: Step, { track, end, events, tasks }: Facts): string {
  const findings = findingsOf(end);
  const [first] = findings;
  if (end.type === 'step.failed' && first)
    return `${first.message}${findings.length > 1 ? `, and ${findings.length - 1} more` : ''}`;
  if (step === 'PLAN') return `The plan has ${things(track.progress.total, 'task')}`;
  if (step === 'EXECUTE' || step === 'FIX')
    return `${things(tasks.completed, 'task')} completed, ${tasks.failed} failed`;
  const gates = events.filter(({ type, data }) => type === 'evaluation.reported' && fits(data, step));
  if (gates.length === 0) return `${step} passed`;
  return `Gates without a fault: ${gates.map(({ data }) => eventData(data).text('evaluator')).join(', ')}`;
}

/** Effects are named `<track>/<step>/<visit>/…`. */
function fits(data: EventEnvelope['data'], step: Step): boolean {
  return eventData(data).text('effect').split('/')[1] === step;
}

function findingsOf({ data }: EventEnvelope): readonly Finding[] {
  return (data as { readonly findings?: readonly Finding[] }).findings ?? []; // the engine's own payload
}

const reasons: Readonly<Record<string, string>> = {
  awaiting: 'it waits for an answer',
  blocked: 'nothing of it can go on',
  paused: 'the track is paused',
  budget: 'the budget is used up',
  cancelled: 'the track is cancelled',
};

function whyNot({ lifecycle }: Track, stop: string): string {
  return reasons[stop] ?? `the track is ${lifecycle}`;
}

/**
 * Paths that tasks of this run have changed, and the plan when it was written. Without version control nobody has looked, and
 * the files that the tasks name stand in.
 */
export function filesOf(events: readonly EventEnvelope[]): ReadonlySet<string> {
  const files = new Set<string>();
  const named = new Map<string, readonly string[]>();
  let versioned = false;
  for (const { type, data } of events) {
    const fact = eventData(data);
    if (type === 'loop.started' || type === 'loop.resumed') versioned ||= fact.text('baseline') !== '';
    if (type === 'plan.submitted') files.add('plan.md');
    if (type === 'task.started')
      named.set(
        fact.text('runId'),
        fact.records('files').map((file) => file.text('path')),
      );
    if (type === 'task.completed')
      for (const path of versioned ? fact.texts('files') : (named.get(fact.text('runId')) ?? [])) files.add(path);
  }
  return files;
}

function taskCounts(events: readonly EventEnvelope[]): TaskCounts {
  const count = (wanted: string, fitting: (event: EventEnvelope) => boolean = () => true) =>
    events.filter((event) => event.type === wanted && fitting(event)).length;
  return {
    started: count('task.started'),
    completed: count('task.completed'),
    failed: count('task.failed', ({ data }) => eventData(data).flag('final')),
  };
}

function things(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
