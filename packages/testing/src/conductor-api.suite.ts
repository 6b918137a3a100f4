import { ConductorError } from '@conductor/core';
import { everyItem } from '@conductor/core/api';
import type { ConductorApi, CreateTrack, Track } from '@conductor/core/api';
import type { Agents } from '@conductor/core/plugin';
import type { ActorRef, EventEnvelope } from '@conductor/core/ports';
import { afterEach, describe, expect, it } from 'vitest';

/** What an implementation is opened with. The agents play both planner and workers. */
export interface ApiSetup {
  readonly agents: Agents;
}

/** One project behind a ConductorApi. */
export interface ApiUnderTest {
  /** As a person who may do all. */
  readonly api: ConductorApi;
  as(actor: ActorRef): ConductorApi;
  /** Lets time pass on the clock of both sides. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a fresh, empty project. */
export type OpenApi = (setup: ApiSetup) => Promise<ApiUnderTest>;

/** Agents that do what the title of their task says: `hold …` waits for a word, `fail …` fails, all else writes its files. */
function scriptedAgents(o: { readonly scribe?: boolean } = {}) {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let healed = false;
  const agents: Agents = {
    worker: async (assignment, { workspace, signal }) => {
      if (!('task' in assignment)) return 'Nothing to do';
      const { title, files } = assignment.task;
      if (title.startsWith('fail') && !healed) return { status: 'failed', summary: 'It does not work' };
      if (title.startsWith('hold')) {
        const aborted = new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
        await Promise.race([released, aborted]);
        if (signal.aborted) return { status: 'cancelled', summary: 'Interrupted' };
      }
      for (const file of files) await workspace.write(file, `${title}\n`);
      return `Wrote ${files.join(', ')}`;
    },
  };
  /** Writes the product; what a track has decided waits for a word. */
  const scribe: Agents = {
    scribe: async ({ trackId }) => {
      if (trackId !== 'project') await released;
      const answer = { documents: [{ path: 'conductor/product.md', text: '# Product\n\n- Pro: $39/month\n' }] };
      return { status: 'done', summary: 'Wrote product.md', answer };
    },
  };
  return {
    agents: { ...agents, ...(o.scribe === true && scribe) },
    release: () => release(),
    heal: () => (healed = true),
  };
}

const quick: CreateTrack = { name: 'Quick', goal: 'One file', tasks: [{ text: 'write a', files: ['a.txt'] }] };
const held: CreateTrack = {
  name: 'Held',
  goal: 'Two files',
  tasks: [
    { id: '1.1', text: 'hold a', files: ['a.txt'] },
    { id: '1.2', text: 'write b', files: ['b.txt'], dependsOn: ['1.1'] },
  ],
};
const failing: CreateTrack = {
  name: 'Failing',
  goal: 'One file',
  limits: { maxTaskAttempts: 1 },
  tasks: [{ text: 'fail a', files: ['a.txt'] }],
};
const planText = '# Plan\n\n## Phase 1: Work\n\n- [ ] Task 1.1: Write a\n- [ ] Task 1.2: Write b\n';

/** The code that a call was refused with; a success or a foreign error shows itself. */
async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { answered: await call };
  } catch (error) {
    return ConductorError.is(error) ? error.code : error;
  }
}

/** What a call was refused with. */
async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { answered: await call };
  } catch (error) {
    return error;
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const seqsOf = (events: readonly EventEnvelope[]) => events.map(({ seq }) => seq);
const isRunning = (track: Track) => track.progress.running > 0;

/** The contract of ConductorApi. An implementation is one when this passes, unchanged: in process, or over a wire. */
export function conductorApiSuite(name: string, open: OpenApi): void {
  describe(`ConductorApi contract: ${name}`, () => {
    const opened: { close(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
    });
    const start = async (o: Parameters<typeof scriptedAgents>[0] = {}) => {
      const { agents, ...script } = scriptedAgents(o);
      const under = await open({ agents });
      opened.push(under);
      return { ...under.api, as: under.as.bind(under), advance: under.advance.bind(under), ...script };
    };
    /** A track whose first task has begun and waits for `release`. */
    const running = async () => {
      const project = await start();
      const { id } = await project.tracks.create(held);
      const run = await project.tracks.run(id);
      await project.tracks.waitFor(id, isRunning);
      return { ...project, id, run };
    };
    /** A track that was completed, and whose run has ended. */
    const completed = async () => {
      const project = await start();
      const { id } = await project.tracks.create(quick);
      const run = await project.tracks.run(id);
      await project.tracks.waitFor(id, 'completed');
      const track = await project.tracks.waitFor(id);
      return { ...project, id, run, track };
    };
    /** A track that waits for a person, because its task failed for the last time. */
    const awaiting = async () => {
      const project = await start();
      const { id } = await project.tracks.create(failing);
      await project.tracks.run(id);
      const track = await project.tracks.waitFor(id);
      const { items } = await project.approvals.list();
      const approval = items[0];
      if (approval === undefined) throw new Error(`Nobody was asked; the track is ${JSON.stringify(track)}`);
      return { ...project, id, track, approval };
    };

    describe('goals', () => {
      const goal = 'Fix the export of reports as CSV';

      it('makes a draft from a goal, says what it understood, and does so once per key', async () => {
        const { tracks } = await start();
        const made = await tracks.go({ goal }, { idempotencyKey: 'g1' });
        expect(made).toMatchObject({
          action: 'created',
          intent: 'bugfix',
          complexity: 'minor',
          track: { name: goal, type: 'bugfix', lifecycle: 'draft' },
        });
        expect(await tracks.go({ goal }, { idempotencyKey: 'g1' })).toEqual(made);
        expect(await codeOf(tracks.go({ goal: 'Another one' }, { idempotencyKey: 'g1' }))).toBe('IDEMPOTENCY_MISMATCH');
        expect((await tracks.list()).items).toHaveLength(1);
      });

      it('goes on with the one track that fits, once per key, and never changes one that was read too early', async () => {
        const { tracks } = await start();
        const { track } = await tracks.go({ goal });
        const again = await tracks.go({ goal: 'Export the reports' }, { idempotencyKey: 'g2' });
        expect(again).toMatchObject({ action: 'resumed', intent: 'feature', track: { id: track.id } });
        expect(await tracks.go({ goal: 'Export the reports' }, { idempotencyKey: 'g2' })).toEqual(again);
        await tracks.run(track.id, { until: 'PLAN' });
        const paused = await tracks.pause(track.id);
        expect(await codeOf(tracks.go({ trackId: track.id }, { ifMatch: paused.revision - 1 }))).toBe(
          'VERSION_CONFLICT',
        );
        expect((await tracks.get(track.id)).lifecycle).toBe('paused');
        await tracks.waitFor(track.id);
        expect((await tracks.go({ trackId: track.id })).track.lifecycle).toBe('active');
      });

      it('asks between several tracks and intents, and takes the answer', async () => {
        const { tracks } = await start();
        const first = await tracks.create({ name: 'Printer queue' });
        const second = await tracks.create({ name: 'Printer queue colours' });
        const asked = await errorOf(tracks.go({ goal: 'Clear the printer queue' }));
        expect(asked).toMatchObject({
          code: 'GOAL_AMBIGUOUS',
          details: { options: [{ trackId: first.id }, { trackId: second.id }, { intent: 'feature' }] },
        });
        const chosen = await tracks.go({ goal: 'Clear the printer queue', trackId: second.id });
        expect(chosen).toMatchObject({ action: 'resumed', track: { id: second.id } });
        const fresh = await tracks.go({ goal: 'Clear the printer queue', intent: 'refactor' });
        expect(fresh).toMatchObject({ action: 'created', intent: 'refactor', track: { type: 'refactor' } });
      });

      it('takes the active track when there is no goal, and refuses when there is none', async () => {
        const project = await start();
        expect(await codeOf(project.tracks.go({}))).toBe('USAGE');
        const { id } = await project.tracks.create(held);
        await project.tracks.run(id);
        await project.tracks.waitFor(id, isRunning);
        expect(await project.tracks.go({ goal: 'continue' })).toMatchObject({ action: 'resumed', track: { id } });
        project.release();
        await project.tracks.waitFor(id, 'completed');
        expect(await codeOf(project.tracks.go({ trackId: id }))).toBe('TRACK_ENDED');
      });

      it('refuses goals that nobody can read', async () => {
        const { tracks } = await start();
        expect(await codeOf(tracks.go({ goal: '🚀🚀' }))).toBe('VALIDATION_FAILED');
        expect(await codeOf(tracks.go({ goal: 'fix '.repeat(50_000) }))).toBe('TOO_LARGE');
        expect(await codeOf(tracks.go({ goal: 'fix it' }))).toBe('GOAL_AMBIGUOUS');
        expect(await codeOf(tracks.go({ trackId: '../x' }))).toBe('ID_INVALID');
        expect(await codeOf(tracks.go({ trackId: 'nothing_20260101' }))).toBe('TRACK_NOT_FOUND');
        expect((await tracks.list()).items).toEqual([]);
      });
    });

    describe('tracks', () => {
      it('makes a draft, and answers the same track again', async () => {
        const { tracks } = await start();
        const track = await tracks.create({ ...quick, priority: 'P1', labels: ['x'], type: 'bugfix' });
        expect(track).toMatchObject({
          name: 'Quick',
          type: 'bugfix',
          priority: 'P1',
          labels: ['x'],
          lifecycle: 'draft',
          progress: { total: 1, done: 0 },
        });
        expect(await tracks.get(track.id)).toEqual(track);
      });

      it('gives two tracks of one name two ids', async () => {
        const { tracks } = await start();
        const ids = [(await tracks.create(quick)).id, (await tracks.create(quick)).id];
        expect(new Set(ids).size).toBe(2);
      });

      it('does a write once per key, and refuses the key for another body', async () => {
        const { tracks } = await start();
        const first = await tracks.create(quick, { idempotencyKey: 'k1' });
        expect((await tracks.create(quick, { idempotencyKey: 'k1' })).id).toBe(first.id);
        expect((await tracks.list()).items).toHaveLength(1);
        expect(await codeOf(tracks.create(held, { idempotencyKey: 'k1' }))).toBe('IDEMPOTENCY_MISMATCH');
        const moved = await tracks.move(first.id, { to: 'ready' }, { idempotencyKey: 'k2' });
        expect(await tracks.move(first.id, { to: 'ready' }, { idempotencyKey: 'k2' })).toEqual(moved);
      });

      it('refuses a track without anything to do, and a plan without tasks', async () => {
        const { tracks } = await start();
        expect(await codeOf(tracks.create({}))).toBe('SPEC_INVALID');
        expect(await codeOf(tracks.create({ goal: 'x', plan: '# Nothing\n' }))).toBe('PLAN_INVALID');
        expect((await tracks.list()).items).toEqual([]);
      });

      it('says which track is unknown, and which id is unsafe', async () => {
        const { tracks } = await start();
        expect(await codeOf(tracks.get('nothing_20260101'))).toBe('TRACK_NOT_FOUND');
        for (const id of ['..', '../a', 'a/b', 'a\\b', ''])
          expect([id, await codeOf(tracks.get(id))]).toEqual([id, 'ID_INVALID']);
      });

      it('lists tracks page by page, newest change first, and by what they are', async () => {
        const { tracks } = await start();
        const made: string[] = [];
        for (const type of ['feature', 'bugfix', 'feature'])
          made.push((await tracks.create({ ...quick, name: `A ${type}`, type })).id);
        await tracks.move(made[0] ?? '', { to: 'ready' });
        const found = await all(everyItem(tracks.list, { limit: 1 }));
        expect(found.map(({ id }) => id).toSorted()).toEqual(made.toSorted());
        expect(found.map(({ updatedAt }) => updatedAt)).toEqual(
          found
            .map(({ updatedAt }) => updatedAt)
            .toSorted()
            .toReversed(),
        );
        const idsOf = async (query: Parameters<typeof tracks.list>[0]) =>
          (await tracks.list(query)).items.map(({ id }) => id);
        expect(await idsOf({ type: 'bugfix' })).toEqual([made[1]]);
        expect(await idsOf({ lifecycle: ['ready', 'active'] })).toEqual([made[0]]);
        expect(await idsOf({ text: 'BUGFIX' })).toEqual([made[1]]);
        expect(await idsOf({ priority: 'P0' })).toEqual([]);
      });

      it('refuses a cursor that it did not give for this query', async () => {
        const { tracks } = await start();
        for (const name of ['A', 'B']) await tracks.create({ ...quick, name });
        const { nextCursor = '' } = await tracks.list({ limit: 1 });
        expect(await codeOf(tracks.list({ limit: 1, type: 'bugfix', cursor: nextCursor }))).toBe('CURSOR_INVALID');
        expect(await codeOf(tracks.list({ cursor: 'made-up' }))).toBe('CURSOR_INVALID');
      });

      it('updates what a track is about, unless somebody was faster', async () => {
        const { tracks } = await start();
        const { id, revision } = await tracks.create(quick);
        const updated = await tracks.update(id, { name: 'New', priority: 'P0', labels: ['y'] }, { ifMatch: revision });
        expect(updated).toMatchObject({ name: 'New', priority: 'P0', labels: ['y'], type: 'feature' });
        const late = tracks.update(id, { name: 'Late' }, { ifMatch: revision });
        await expect(late).rejects.toMatchObject({
          code: 'VERSION_CONFLICT',
          details: { expected: revision, actual: updated.revision },
        });
      });

      it('changes one limit and leaves the others as they are', async () => {
        const { tracks, events } = await start();
        const { id } = await tracks.create(failing);
        await tracks.update(id, { limits: { maxWorkers: 2 } });
        await tracks.run(id);
        await tracks.waitFor(id);
        // One attempt, as the track was created with.
        expect((await events.list({ trackId: id, types: ['task.started'] })).items).toHaveLength(1);
      });

      it('runs a track to its end', async () => {
        const { tracks, id, run, track } = await completed();
        expect(run).toMatchObject({ trackId: id, feed: { trackId: id, until: 'stopped' } });
        expect(track).toMatchObject({
          lifecycle: 'completed',
          step: 'COMPLETE',
          lastStop: 'completed',
          progress: { total: 1, done: 1 },
        });
        expect(track.completedAt).toBeDefined();
        expect(track.run).toBeUndefined();
        expect((await tracks.runs(id)).items).toMatchObject([{ epoch: run.epoch, stop: 'completed' }]);
        expect(await codeOf(tracks.run(id))).toBe('TRACK_ENDED');
      });

      it('runs a track once at a time, and one track at a time', async () => {
        const { tracks, id, release } = await running();
        await expect(tracks.run(id)).rejects.toMatchObject({
          code: 'TRACK_HELD',
          details: { owner: expect.any(String) as string },
        });
        const other = await tracks.create(quick);
        expect(await codeOf(tracks.run(other.id))).toBe('ACTIVE_TRACK_EXISTS');
        expect(await codeOf(tracks.run('nothing_20260101'))).toBe('TRACK_NOT_FOUND');
        release();
        await tracks.waitFor(id, 'completed');
      });

      it('shows what a running track does', async () => {
        const { tracks, id, release } = await running();
        const activity = await tracks.activity(id);
        expect(activity.workers).toMatchObject([{ taskId: '1.1', stale: false }]);
        expect(activity.leases.map(({ key }) => key)).toContain('file:a.txt');
        expect(activity.last.length).toBeGreaterThan(0);
        release();
        await tracks.waitFor(id);
      });

      it('pauses after the running tasks, stays paused, and goes on when somebody says so', async () => {
        const { tracks, id, release } = await running();
        const paused = await tracks.pause(id, { reason: 'Lunch', mode: 'drain' });
        expect(paused.lifecycle).toBe('paused');
        release();
        expect(await tracks.waitFor(id)).toMatchObject({
          lifecycle: 'paused',
          lastStop: 'paused',
          progress: { done: 1 },
        });
        expect(await codeOf(tracks.run(id))).toBe('TRACK_PAUSED');
        const resumed = await tracks.resume(id);
        expect(resumed.lifecycle).toBe('active');
        expect(resumed.run).toBeUndefined();
        await tracks.run(id);
        expect(await tracks.waitFor(id, 'completed')).toMatchObject({ progress: { done: 2 } });
      });

      it('pauses at once, and takes the interrupted task up again', async () => {
        const { tracks, id, release } = await running();
        await tracks.pause(id, { mode: 'now' });
        expect(await tracks.waitFor(id)).toMatchObject({ lastStop: 'paused', progress: { done: 0, running: 0 } });
        await tracks.resume(id);
        release();
        await tracks.run(id);
        expect((await tracks.waitFor(id, 'completed')).lifecycle).toBe('completed');
      });

      it('cancels the run and the track', async () => {
        const { tracks, id } = await running();
        await tracks.cancel(id, { reason: 'No longer wanted' });
        expect(await tracks.waitFor(id)).toMatchObject({ lifecycle: 'cancelled', lastStop: 'cancelled' });
        expect(await codeOf(tracks.run(id))).toBe('TRACK_ENDED');
        expect(await codeOf(tracks.waitFor(id, 'completed'))).toBe('TRACK_ENDED');
      });

      it('moves a track along its lifecycle only', async () => {
        const { tracks } = await start();
        const { id } = await tracks.create(quick);
        expect(await codeOf(tracks.move(id, { to: 'active' }))).toBe('INVALID_STATE');
        expect((await tracks.move(id, { to: 'ready' })).lifecycle).toBe('ready');
        expect((await tracks.move(id, { to: 'active' })).lifecycle).toBe('active');
        const { id: next } = await tracks.create(held);
        await tracks.move(next, { to: 'ready' });
        expect(await codeOf(tracks.move(next, { to: 'active' }))).toBe('ACTIVE_TRACK_EXISTS');
        expect((await tracks.move(next, { to: 'active', switch: true })).lifecycle).toBe('active');
        expect((await tracks.get(id)).lifecycle).toBe('paused');
        await tracks.cancel(id);
        expect((await tracks.move(id, { to: 'archived' })).lifecycle).toBe('archived');
      });

      it('ends a wait, and not the work, when the waiter has had enough', async () => {
        const { tracks, id, release } = await running();
        const stop = new AbortController();
        const waiting = tracks.waitFor(id, 'completed', { signal: stop.signal });
        stop.abort(new Error('enough'));
        await expect(waiting).rejects.toThrow('enough');
        release();
        expect((await tracks.waitFor(id, 'completed')).lifecycle).toBe('completed');
      });

      it('ends a wait with TIMEOUT when its time is over', async () => {
        const { tracks, id, advance, release } = await running();
        const waiting = expect(tracks.waitFor(id, 'completed', { timeoutMs: 1000 })).rejects.toMatchObject({
          code: 'TIMEOUT',
          details: { limit: 1000 },
        });
        await advance(1000);
        await waiting;
        release();
        expect((await tracks.waitFor(id, 'completed')).lifecycle).toBe('completed');
      });

      it('does not begin a call that was ended before', async () => {
        const { tracks } = await start();
        await expect(tracks.create(quick, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
          'enough',
        );
        expect((await tracks.list()).items).toEqual([]);
      });
    });

    describe('plans', () => {
      it('takes a plan where there is none, and a newer one from whoever has read the last', async () => {
        const { tracks, plans } = await start();
        const { id } = await tracks.create({ goal: 'x' });
        expect(await codeOf(plans.get(id))).toBe('PLAN_NOT_FOUND');
        const first = await plans.submit(id, { text: planText }, { ifMatch: 0 });
        expect(first).toMatchObject({
          trackId: id,
          revision: 1,
          plan: { title: 'Plan', phases: [{ tasks: [{ id: '1.1' }, { id: '1.2' }] }] },
        });
        expect(await plans.get(id)).toEqual(first);
        expect(await codeOf(plans.submit(id, { text: planText }, { ifMatch: 0 }))).toBe('VERSION_CONFLICT');
        const second = await plans.submit(id, { text: `${planText}- [ ] Task 1.3: Write c\n` }, { ifMatch: 1 });
        expect(second.revision).toBe(2);
        expect((await tracks.get(id)).progress.total).toBe(3);
      });

      it('edits all or nothing', async () => {
        const { tracks, plans } = await start();
        const { id } = await tracks.create({ goal: 'x', plan: planText });
        const marked = await plans.edit(id, [{ do: 'mark', task: '1.1', state: 'done' }]);
        expect(marked).toMatchObject({
          revision: 1,
          plan: { phases: [{ tasks: [{ state: 'done' }, { state: 'pending' }] }] },
        });
        const added = await plans.edit(id, [{ do: 'addTask', phase: 'Work', task: { text: 'Write c' } }], {
          ifMatch: 1,
        });
        expect(added.revision).toBe(2);
        expect(added.plan.phases[0]?.tasks).toHaveLength(3);
        const half = plans.edit(id, [
          { do: 'mark', task: '1.2', state: 'done' },
          { do: 'mark', task: '9.9', state: 'done' },
        ]);
        expect(await codeOf(half)).toBe('TASK_NOT_FOUND');
        expect(await plans.get(id)).toEqual(added);
      });

      it('checks a plan without changing anything', async () => {
        const { tracks, plans, system } = await start();
        const { id } = await tracks.create({ goal: 'x', plan: planText });
        const { seq } = await system.health();
        const broken =
          '# Plan\n\n## Phase 1: Work\n\n- [ ] Task 1.1: A <!-- deps: 1.2 -->\n- [ ] Task 1.2: B <!-- deps: 1.1 -->\n';
        const { ok, findings } = await plans.check({ text: broken });
        expect(ok).toBe(false);
        expect(findings.some(({ severity }) => severity === 'error')).toBe(true);
        expect((await plans.check({ trackId: id })).findings.filter(({ severity }) => severity === 'error')).toEqual(
          [],
        );
        expect((await system.health()).seq).toBe(seq);
      });

      it('draws the graph of a plan', async () => {
        const { tracks, plans } = await start();
        const { id } = await tracks.create(held);
        const { nodes, edges, mermaid } = await plans.graph(id);
        expect(nodes.map((node) => [node.id, node.level])).toEqual([
          ['1.1', 0],
          ['1.2', 1],
        ]);
        expect(edges).toEqual([['1.1', '1.2']]);
        expect(mermaid).toContain('1.1');
        expect(await codeOf(plans.graph('nothing_20260101'))).toBe('TRACK_NOT_FOUND');
      });
    });

    describe('approvals', () => {
      it('asks a person when the loop knows no further', async () => {
        const { tracks, approvals, id, track, approval } = await awaiting();
        expect(track.approvals).toEqual([approval.id]);
        expect(approval).toMatchObject({ trackId: id, status: 'pending', stale: false, decider: { kind: 'human' } });
        expect(approval.options.map((option) => option.leadsTo)).toContain('retry');
        expect(await approvals.get(approval.id)).toEqual(approval);
        expect(await codeOf(tracks.run(id))).toBe('TRACK_BLOCKED');
        expect(await codeOf(approvals.get('nothing'))).toBe('APPROVAL_NOT_FOUND');
      });

      it('takes one answer, after which the track can go on', async () => {
        const { tracks, approvals, id, approval, heal } = await awaiting();
        heal();
        const decided = await approvals.decide(
          approval.id,
          { outcome: 'approved', choice: 'retry', reason: 'Mended' },
          { ifMatch: approval.revision },
        );
        expect(decided).toMatchObject({
          status: 'approved',
          choice: 'retry',
          reason: 'Mended',
          answeredBy: { kind: 'user' },
        });
        expect(await codeOf(approvals.decide(approval.id, { outcome: 'denied' }))).toBe('APPROVAL_DECIDED');
        expect((await approvals.list()).items).toEqual([]);
        expect((await approvals.list({ status: 'approved', trackId: id })).items).toMatchObject([{ id: approval.id }]);
        await tracks.run(id);
        expect((await tracks.waitFor(id)).lifecycle).toBe('completed');
      });

      it('lets one of two answers at once win', async () => {
        const { approvals, approval } = await awaiting();
        const codes = await Promise.all([
          codeOf(approvals.decide(approval.id, { outcome: 'approved' })),
          codeOf(approvals.decide(approval.id, { outcome: 'denied' })),
        ]);
        expect(codes.filter((code) => code === 'APPROVAL_DECIDED')).toHaveLength(1);
      });
    });

    describe('boards', () => {
      it('shows the sessions of a track and their minutes', async () => {
        const { boards, id } = await completed();
        const { items } = await boards.list({ trackId: id });
        const [session] = items;
        expect(session).toMatchObject({ status: 'COMPLETE', verdict: 'APPROVED' });
        expect(await boards.get(session?.id ?? '')).toEqual(session);
        expect(await boards.minutes(session?.id ?? '')).toContain('APPROVED');
        expect(await codeOf(boards.get('nothing'))).toBe('BOARD_NOT_FOUND');
        expect(await codeOf(boards.minutes('nothing'))).toBe('BOARD_NOT_FOUND');
      });
    });

    describe('events', () => {
      it('follows a run from its first event to its last', async () => {
        const { events, run, id } = await completed();
        const feed = await all(events.follow(run.feed));
        const own = feed.filter(({ stream }) => stream === `track/${id}`).map(({ type }) => type);
        expect(own.at(0)).toBe('loop.started');
        expect(own.at(-1)).toBe('loop.stopped');
        expect(seqsOf(feed)).toEqual(seqsOf(feed).toSorted((a, b) => a - b));
      });

      it('follows live what a list shows afterwards: no gap, no doublet', async () => {
        const { tracks, events } = await start();
        const { id } = await tracks.create(quick);
        const run = await tracks.run(id);
        const live = await all(events.follow(run.feed));
        const stored = await all(everyItem(events.list, { ...run.feed, until: undefined, limit: 7 }));
        const until = live.at(-1)?.seq ?? 0;
        expect(live).toEqual(stored.filter(({ seq }) => seq <= until));
      });

      it('resumes after the last event that was seen', async () => {
        const { events, run } = await completed();
        const whole = seqsOf(await all(events.follow(run.feed)));
        const pieces: number[] = [];
        for (let after = run.feed.after; pieces.length < whole.length; after = pieces.at(-1)) {
          let taken = 0;
          for await (const { seq } of events.follow({ ...run.feed, after })) {
            pieces.push(seq);
            if ((taken += 1) === 4) break;
          }
        }
        expect(pieces).toEqual(whole);
      });

      it('lists by type, stream and place, both ways', async () => {
        const { events, id } = await completed();
        const steps = (await all(everyItem(events.list, { trackId: id, types: ['step.*'], limit: 3 }))).map(
          ({ type }) => type,
        );
        expect(steps.length).toBeGreaterThan(4);
        expect(steps.every((type) => type.startsWith('step.'))).toBe(true);
        const forward = await all(everyItem(events.list, { stream: `track/${id}`, limit: 5 }));
        const backward = await all(everyItem(events.list, { stream: `track/${id}`, order: 'desc', limit: 5 }));
        expect(backward).toEqual(forward.toReversed());
        expect(forward.map(({ version }) => version)).toEqual(forward.map((_, index) => index + 1));
        const half = forward[4]?.seq ?? 0;
        expect((await events.list({ stream: `track/${id}`, after: half, limit: 1 })).items).toEqual([forward[5]]);
      });

      it('begins with the last n, or now', async () => {
        const { events, tracks, id } = await completed();
        const last = (await all(everyItem(events.list, { stream: `track/${id}` }))).slice(-2);
        const found: EventEnvelope[] = [];
        for await (const event of events.follow({ stream: `track/${id}`, tail: 2 })) if (found.push(event) === 2) break;
        expect(found).toEqual(last);
        const now = events.follow()[Symbol.asyncIterator]();
        const next = now.next();
        // Whoever follows from now has to be let in before something happens.
        await events.list({ limit: 1 });
        const { id: other } = await tracks.create(held);
        expect((await next).value).toMatchObject({ correlation: { track: other } });
        await now.return?.();
      });

      it('refuses a place beyond the end of the log', async () => {
        const { events, system } = await start();
        const { seq } = await system.health();
        expect(await codeOf(all(events.follow({ after: seq + 1 })))).toBe('CURSOR_INVALID');
      });

      it('ends with the reason of an abort', async () => {
        const { events } = await start();
        const stop = new AbortController();
        const next = events.follow({}, { signal: stop.signal })[Symbol.asyncIterator]().next();
        stop.abort(new Error('enough'));
        await expect(next).rejects.toThrow('enough');
      });
    });

    describe('documents', () => {
      it('are looked at tier by tier without a write, synchronised by the scribe, and the outcome is known by its id', async () => {
        const { documents, advance } = await start({ scribe: true });
        const before = await documents.check();
        expect(before).toMatchObject({ trigger: 'manual', tiers: [{ tier: 1, documents: [] }], findings: [] });
        let sync = await documents.sync({}, { idempotencyKey: 'sync-1' });
        expect(await documents.sync({}, { idempotencyKey: 'sync-1' })).toMatchObject({ id: sync.id });
        while (sync.status === 'running') {
          await advance(10);
          sync = await documents.get(sync.id);
        }
        expect(sync).toMatchObject({ status: 'done', documents: ['conductor/product.md'], findings: [] });
        expect((await documents.check()).tiers).toMatchObject([{ tier: 1, documents: ['conductor/product.md'] }]);
        expect(await codeOf(documents.get('sync_unknown'))).toBe('FILE_NOT_FOUND');
      });

      it('are written by one at a time', async () => {
        const { documents, tracks, advance, release } = await start({ scribe: true });
        const { id } = await tracks.create(quick);
        const first = await documents.sync({ trackId: id });
        expect(first).toMatchObject({ status: 'running', trackId: id });
        expect(await codeOf(documents.sync())).toBe('LEASE_HELD');
        release();
        while ((await documents.get(first.id)).status === 'running') await advance(10);
        expect(await documents.sync()).toMatchObject({ status: 'running' });
        expect(await codeOf(documents.check({ trackId: 'nobody' }))).toBe('TRACK_NOT_FOUND');
      });

      it('tell how a phase has gone, and where its review lies', async () => {
        const { documents, tracks, id } = await completed();
        const review = await documents.review(id);
        expect(review).toMatchObject({ trackId: id, phase: '1', verdict: 'PASS' });
        expect(review.path).toBe(`conductor/tracks/${id}/reports/phase-1-review.md`);
        expect(review.text).toContain('# Phase 1 Review');
        expect(await codeOf(documents.review(id, { phase: '9' }))).toBe('VALIDATION_FAILED');
        expect(await codeOf(documents.review('nobody'))).toBe('TRACK_NOT_FOUND');
        const { id: planless } = await tracks.create({ name: 'Planless', goal: 'Nothing is planned' });
        expect(await codeOf(documents.review(planless))).toBe('PLAN_NOT_FOUND');
      });

      it('are not for agents to change, nor without a scribe', async () => {
        const { as, id } = await completed();
        const agent = as({ kind: 'agent', id: 'worker' }).documents;
        expect(await codeOf(agent.sync())).toBe('FORBIDDEN');
        expect(await codeOf(as({ kind: 'user', id: 'local' }).documents.sync())).toBe('EXECUTOR_MISSING');
        expect(await codeOf(agent.review(id))).toBe('FORBIDDEN');
        expect((await agent.check()).trigger).toBe('manual');
      });
    });

    describe('artifacts', () => {
      it('gives back what is too large for an event', async () => {
        const { tracks, events, artifacts } = await start();
        const spec = `# Spec\n\n${'A long line of requirements.\n'.repeat(4000)}`;
        const { id } = await tracks.create({ name: 'Large', spec });
        const created = (await all(everyItem(events.list, { stream: `track/${id}` }))).find(
          ({ type }) => type === 'track.created',
        );
        const content = (created?.data as { spec: { artifact?: string } } | undefined)?.spec;
        const { ref, body } = await artifacts.get(content?.artifact ?? '');
        expect(ref).toMatchObject({ id: content?.artifact, bytes: spec.length });
        expect(await new Response(body).text()).toBe(spec);
      });

      it('says which artifact is unknown', async () => {
        const { artifacts } = await start();
        expect(await codeOf(artifacts.get(`sha256:${'0'.repeat(64)}`))).toBe('ARTIFACT_NOT_FOUND');
        expect(await codeOf(artifacts.get('sha256:x'))).toBe('ID_INVALID');
      });
    });

    describe('system', () => {
      it('is in good health, at the end of the log', async () => {
        const { system, tracks, events } = await start();
        await tracks.create(quick);
        const { seq, ...health } = await system.health();
        expect(health).toMatchObject({ status: 'ok', apiVersion: 1 });
        expect((await all(everyItem(events.list, {}))).at(-1)?.seq).toBe(seq);
        expect(await system.doctor()).toMatchObject({ ok: true });
      });
    });

    describe('actors', () => {
      it('lets an agent look and not decide, and keeps on record that it tried', async () => {
        const { as, events, tracks } = await start();
        const agent = as({ kind: 'agent', id: 'worker-1' });
        const { id } = await tracks.create(quick);
        expect((await agent.tracks.get(id)).id).toBe(id);
        await expect(agent.tracks.run(id)).rejects.toMatchObject({
          code: 'FORBIDDEN',
          details: { rule: expect.any(String) as string },
        });
        const { items } = await events.list({ types: ['action.refused'] });
        expect(items).toMatchObject([{ actor: { kind: 'agent', id: 'worker-1' }, data: { action: 'track.run' } }]);
      });
    });
  });
}
