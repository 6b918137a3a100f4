import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldTrack, initialTrack, track as trackDecider } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import { parseLocks, parseMetadata, parseQueue, parseTracksIndex, parseWorkerStatus } from '@conductor/core/files';
import { parsePlan } from '@conductor/core/plan';
import type { PlanTask } from '@conductor/core/plan';
import type { EventEnvelope } from '@conductor/core/ports';
import { openProject } from '@conductor/node';
import { expect } from 'vitest';
import { allEvents, git, keyedCommits, processesOf } from './quickstart.js';

/** The events of one type, with their payload. The payloads are our own, by their type. */
export function facts<T>(log: readonly EventEnvelope[], type: string): (EventEnvelope & { readonly data: T })[] {
  return log.filter((event): event is EventEnvelope & { readonly data: T } => event.type === type);
}

export const trackOf = (log: readonly EventEnvelope[]): string =>
  log.find(({ type }) => type === 'track.created')?.stream.slice('track/'.length) ?? '';

/** The track as its events alone make it, from the first one on. */
export function folded(log: readonly EventEnvelope[], id: string): TrackState {
  const own = log.filter(({ stream }) => stream === `track/${id}`);
  const state = foldTrack(initialTrack(id), own);
  // One by one or in one go: the same state.
  expect(own.reduce((before, event) => trackDecider.evolve(before, event), initialTrack(id))).toEqual(state);
  return state;
}

export interface WholeRun {
  readonly log: readonly EventEnvelope[];
  readonly state: TrackState;
}

/** What must be true of every finished quickstart, however often it was killed on its way. */
export async function expectWhole(folder: string): Promise<WholeRun> {
  const whole = await lookedAt(folder);
  // Locks of owners that are gone; the one of this look is gone as well by now.
  expect(readdirSync(join(folder, '.conductor', 'owners'))).toEqual([]);
  return whole;
}

async function lookedAt(folder: string): Promise<WholeRun> {
  const project = await openProject(folder);
  try {
    const log = await allEvents(project.api);
    const id = trackOf(log);
    const state = folded(log, id);
    expect([state.lifecycle, state.loop.step, state.loop.status, state.run?.stopped]).toEqual([
      'completed',
      'COMPLETE',
      'PASSED',
      'completed',
    ]);
    expectLog(log, state);
    await expectApi(project.api, state);
    expectGit(folder, log, state);
    expectViews(join(folder, project.folder), log, state);
    expectNothingLeft(folder, log);
    expect((await project.api.tracks.activity(id)).leases).toEqual([]);
    return { log, state };
  } finally {
    await project.close();
  }
}

function expectLog(log: readonly EventEnvelope[], { plan, conditions }: TrackState): void {
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  const completed = facts<{ taskId: string }>(log, 'task.completed').map(({ data }) => data.taskId);
  expect(completed.toSorted()).toEqual([...(plan?.tasks.keys() ?? [])].toSorted());
  expect([...(plan?.tasks.values() ?? [])].filter(({ status }) => status !== 'done')).toEqual([]);
  expect([...conditions.values()].map(({ met }) => met)).toEqual([true]);
}

async function expectApi(api: Awaited<ReturnType<typeof openProject>>['api'], state: TrackState): Promise<void> {
  const tasks = state.plan?.tasks.size ?? 0;
  const track = await api.tracks.get(state.id);
  expect(track).toMatchObject({
    lifecycle: state.lifecycle,
    revision: state.version,
    step: state.loop.step,
    stepStatus: state.loop.status,
    fixCycles: state.loop.fixCycles,
    planRevisions: state.loop.planRevisions,
    conditions: [...state.conditions.values()],
    progress: { total: tasks, done: tasks, running: 0, blocked: 0, failed: 0, skipped: 0 },
    updatedAt: state.updatedAt,
    completedAt: state.completedAt,
  });
  expect(track.run).toBeUndefined();
  expect((await api.plans.get(state.id)).revision).toBe(state.plan?.revision);
}

function expectGit(folder: string, log: readonly EventEnvelope[], { id, plan }: TrackState): void {
  const commits = keyedCommits(folder);
  const keys = commits.map(({ key }) => key);
  expect(new Set(keys).size, keys.join('\n')).toBe(keys.length);
  const tasks = [...(plan?.tasks.values() ?? [])];
  for (const { task, commit } of tasks) {
    const own = commits.filter(({ key }) => key.includes(`/${id}/`) && key.includes(`/${task.id}@`));
    expect(
      own.map(({ sha }) => sha),
      `commits of task ${task.id}`,
    ).toEqual([commit]);
  }
  // The documents, then what was learnt: the last two, in this order.
  const parts = facts<{ part: string; commit?: string }>(log, 'completion.recorded')
    .filter(({ data }) => data.commit !== undefined)
    .map(({ data }) => data.commit);
  expect(parts).toHaveLength(2);
  expect(commits.slice(-2).map(({ sha }) => sha)).toEqual(parts);
  expect(commits).toHaveLength(tasks.length + 2);
  expect(git(folder, 'status', '--porcelain')).toBe('');
}

function expectViews(documents: string, log: readonly EventEnvelope[], state: TrackState): void {
  const track = join(documents, 'tracks', state.id);
  const text = (...path: string[]) => readFileSync(join(track, ...path), 'utf8');

  const written = planTasks(text('plan.md'));
  for (const { task, commit = '' } of state.plan?.tasks.values() ?? [])
    expect(written.get(task.id), `task ${task.id} in plan.md`).toMatchObject({
      state: 'done',
      commit: commit.slice(0, 12),
    });

  const { metadata, version, findings } = parseMetadata(text('metadata.json'));
  expect([version, findings]).toEqual([3, []]);
  expect(metadata).toMatchObject({ status: 'complete', completedAt: state.completedAt });
  expect(metadata?.loopState).toMatchObject({
    currentStep: 'COMPLETE',
    stepStatus: 'PASSED',
    fixCycleCount: state.loop.fixCycles,
    planRevisionCount: state.loop.planRevisions,
  });

  const { rows } = parseTracksIndex(readFileSync(join(documents, 'tracks.md'), 'utf8'));
  expect(rows.map(({ trackId, section }) => [trackId, section])).toEqual([[state.id, 'completed']]);
  expect(text('completion-report.md')).toContain(`Tasks completed**: ${state.plan?.tasks.size ?? 0} of`);
  expectBus(join(track, '.message-bus'), log);
}

function expectBus(bus: string, log: readonly EventEnvelope[]): void {
  const text = (...path: string[]) => readFileSync(join(bus, ...path), 'utf8');
  const { messages, findings } = parseQueue(readFileSync(join(bus, 'queue.jsonl')));
  expect(findings).toEqual([]);
  const ids = messages.map(({ id }) => id);
  expect(new Set(ids).size, 'each line of queue.jsonl once').toBe(ids.length);
  const told = (type: string) => messages.filter((message) => message.type === type).map(({ ref }) => ref);
  for (const [type, word] of [
    ['task.completed', 'TASK_COMPLETE'],
    ['task.failed', 'TASK_FAILED'],
    ['board.resolved', 'BOARD_RESOLVE'],
    ['board.assessed', 'BOARD_ASSESS'],
  ] as const)
    expect(told(word), word).toEqual(facts(log, type).map(({ id }) => id));

  expect([...parseLocks(text('locks.json'), '2026-01-01T00:00:00.000Z').entries.keys()]).toEqual([]);
  const workers = [...parseWorkerStatus(text('worker-status.json')).entries.values()];
  expect(workers.length).toBeGreaterThan(0);
  expect(workers.filter(({ status }) => status !== 'COMPLETE' && status !== 'FAILED')).toEqual([]);
  const events = readdirSync(join(bus, 'events'));
  for (const { data } of facts<{ taskId: string }>(log, 'task.completed'))
    expect(events).toContain(`TASK_COMPLETE_${encodeURIComponent(data.taskId)}.event`);
}

/** No process, no temporary file, no lock folder. */
function expectNothingLeft(folder: string, log: readonly EventEnvelope[]): void {
  const groups = facts<{ process: { groupId: number } }>(log, 'process.spawned').map(
    ({ data }) => data.process.groupId,
  );
  expect(processesOf(folder, new Set(groups))).toEqual([]);
  const temporary = join(folder, '.conductor', 'tmp');
  expect(existsSync(temporary) ? readdirSync(temporary) : []).toEqual([]);
  const locks = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.lock'));
  expect(locks).toEqual([]);
}

function planTasks(text: string): ReadonlyMap<string, PlanTask> {
  const tasks = new Map<string, PlanTask>();
  const collect = (list: readonly PlanTask[]) => {
    for (const task of list) {
      tasks.set(task.id, task);
      collect(task.children);
    }
  };
  for (const phase of parsePlan(text).plan.phases) collect(phase.tasks);
  return tasks;
}
