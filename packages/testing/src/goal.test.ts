import { ConductorError } from '@conductor/core';
import type { GoResult } from '@conductor/core/api';
import { readGoal, specOfGoal } from '@conductor/core/goal';
import type { Agents } from '@conductor/core/plugin';
import type { Assignment, Logger, Outcome } from '@conductor/core/ports';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine, TestEngineOptions } from './create-test-engine.js';
import { aborted, dataOf, facts } from './scenario.js';

const goal = 'Fix the export of reports as CSV';
const written = '# Export\n\n## Requirements\n\n- R1: CSV\n\n## Acceptance Criteria\n\n- It opens\n';

let open: TestEngine | undefined;
afterEach(() => open?.close());

async function engineWith(agents: Agents, options: TestEngineOptions = {}): Promise<TestEngine> {
  open = await createTestEngine({ agents, ...options });
  return open;
}

const specOf = ({ read }: TestEngine, id: string) => read(`conductor/tracks/${id}/spec.md`);
const templateOf = (text: string) => specOfGoal(readGoal(text, { maxBytes: 65_536 }));
const answering = (answer: Outcome['answer']) => async (): Promise<Outcome> => ({
  status: 'done',
  summary: 'Done',
  ...(answer !== undefined && { answer }),
});

describe('the spec of a goal', () => {
  it('is written by the scribe, who is handed goal, intent and template, and is in the log as in the file', async () => {
    const asked: Assignment[] = [];
    const engine = await engineWith({
      scribe: async (assignment) => {
        asked.push(assignment);
        return { status: 'done', summary: 'Wrote it', answer: { spec: written } };
      },
    });
    const { track } = await engine.api.tracks.go({ goal });
    expect(asked).toMatchObject([{ role: 'scribe', input: { goal, intent: 'bugfix', template: templateOf(goal) } }]);
    expect(await specOf(engine, track.id)).toBe(written);
    const [specified] = await facts(engine, track.id, 'track.specified');
    expect(dataOf(specified)).toMatchObject({ spec: { text: written } });
    expect(track.revision).toBe(specified?.version);
  });

  it('is the template without a scribe, and without a word of an agent that stands in for everything', async () => {
    for (const agents of [{}, { worker: answering({ spec: written }) }, { default: answering(undefined) }]) {
      const engine = await engineWith(agents);
      const { track } = await engine.api.tracks.go({ goal });
      expect(await specOf(engine, track.id)).toBe(templateOf(goal));
      await engine.close();
    }
  });

  it.each([
    ['no spec', undefined],
    ['a spec without requirements', { spec: '# Nothing\n\n## Acceptance Criteria\n\n- x\n' }],
    ['a spec above its limit', { spec: `${written}${'x'.repeat(2000)}` }],
  ])(
    'stays the template when a named scribe answers with %s, and that is told with the track',
    async (_name, answer) => {
      const engine = await engineWith({ scribe: answering(answer) }, { limits: { specBytes: 1500 } });
      const error: unknown = await engine.api.tracks.go({ goal }).catch((thrown: unknown) => thrown);
      const { items } = await engine.api.tracks.list();
      expect(error).toMatchObject({ code: 'ANSWER_INVALID', details: { track: items[0]?.id } });
      expect(await specOf(engine, items[0]?.id ?? '')).toBe(templateOf(goal));
    },
  );

  it('is left to a person who was faster than the scribe', async () => {
    const engine: TestEngine = await engineWith({
      scribe: async ({ trackId }) => {
        await engine.workspace.replace(`conductor/tracks/${trackId}/spec.md`, new TextEncoder().encode('# Mine\n'));
        return { status: 'done', summary: 'Wrote it', answer: { spec: written } };
      },
    });
    const { track } = await engine.api.tracks.go({ goal });
    expect(await specOf(engine, track.id)).toBe('# Mine\n');
    expect(await facts(engine, track.id, 'track.specified')).toEqual([]);
  });

  it('is not waited for any longer than the caller does; the goal is kept, and the same key finds its track', async () => {
    const stop = new AbortController();
    const ended: unknown[] = [];
    const engine = await engineWith({
      scribe: async (_assignment, { signal }) => {
        stop.abort(new ConductorError('INTERRUPTED', 'Enough'));
        await aborted(signal);
        ended.push(signal.reason);
        return { status: 'cancelled', summary: 'Interrupted' };
      },
    });
    const refused = engine.api.tracks.go({ goal }, { signal: stop.signal, idempotencyKey: 'once' });
    await expect(refused).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(ended).toHaveLength(1);
    const { action, track } = await engine.api.tracks.go({ goal }, { idempotencyKey: 'once' });
    expect(action).toBe('created');
    expect(await specOf(engine, track.id)).toBe(templateOf(goal));
    expect((await engine.api.tracks.list()).items).toHaveLength(1);
  });

  it('is asked for again when the goal is, as long as nobody has written it', async () => {
    const first = await engineWith({});
    const { track } = await first.api.tracks.go({ goal });
    await first.engine.close();
    const engine = await engineWith({ scribe: answering({ spec: written }) }, { ports: first.ports });
    const again = await engine.api.tracks.go({ goal });
    expect([again.action, again.track.id]).toEqual(['resumed', track.id]);
    expect(await specOf(engine, track.id)).toBe(written);
    await engine.api.tracks.update(track.id, { spec: '# Mine\n' });
    await engine.api.tracks.go({ goal });
    expect(await facts(engine, track.id, 'track.specified')).toHaveLength(2);
  });

  it('ends a scribe that says nothing for too long', async () => {
    const engine = await engineWith({
      scribe: async (_assignment, { signal }) => {
        await aborted(signal);
        return { status: 'cancelled', summary: 'Interrupted' };
      },
    });
    const gone = engine.api.tracks.go({ goal }).catch((thrown: unknown) => thrown);
    expect(await engine.clock.runUntil(gone)).toMatchObject({ code: 'EXECUTOR_TIMEOUT' });
    expect(engine.clock.pending).toBe(0);
  });

  it('is told in the log of the engine when an agent for everything has failed', async () => {
    const warned: string[] = [];
    const logger = loggerInto(warned);
    const engine = await engineWith({ default: async () => ({ status: 'failed', summary: 'No' }) }, { logger });
    await engine.api.tracks.go({ goal });
    expect(warned).toEqual(['The spec of a goal stays a template']);
  });
});

describe('calls for one goal at the same time', () => {
  const wishes = [goal, 'Fix the CSV export of reports, please', goal, 'Fix the export of reports as CSV and TSV'];

  /** As many calls at once, through two engines on one store, as two programs would make them. */
  async function atOnce(call: (engine: TestEngine, wish: string) => Promise<GoResult>) {
    let asked = 0;
    const scribe = async (): Promise<Outcome> => {
      asked += 1;
      return { status: 'done', summary: 'Wrote it', answer: { spec: written } };
    };
    const one = await engineWith({ scribe });
    const other = await createTestEngine({ agents: { scribe }, ports: one.ports });
    const results = await Promise.all(wishes.map((wish, at) => call(at % 2 === 0 ? one : other, wish)));
    const { items } = await one.api.tracks.list();
    const specs = await Promise.all(items.map(({ id }) => specOf(one, id)));
    await other.close();
    return { results, items, specs, asked: () => asked };
  }

  it('make one track: the others go on with it, and its spec is written once', async () => {
    const { results, items, specs, asked } = await atOnce(async ({ api }, wish) => api.tracks.go({ goal: wish }));
    expect(items).toHaveLength(1);
    expect(results.map(({ track }) => track.id)).toEqual(wishes.map(() => items[0]?.id));
    expect(results.map(({ action }) => action).toSorted()).toEqual(['created', 'resumed', 'resumed', 'resumed']);
    expect([specs, asked()]).toEqual([[written], 1]);
  });

  it('are one request under one key, and each hears that the track was created', async () => {
    const { results, items, asked } = await atOnce(async ({ api }) =>
      api.tracks.go({ goal }, { idempotencyKey: 'once' }),
    );
    expect(items).toHaveLength(1);
    expect(results.map(({ action, track }) => [action, track.id])).toEqual(wishes.map(() => ['created', items[0]?.id]));
    expect(asked()).toBe(1);
  });

  it('make a track each where every one of them says that it is work of its own', async () => {
    const { results, items } = await atOnce(async ({ api }, wish) => api.tracks.go({ goal: wish, intent: 'bugfix' }));
    expect(new Set(results.map(({ track }) => track.id)).size).toBe(4);
    expect(items).toHaveLength(4);
  });

  it('give two tracks of one name an id each', async () => {
    const engine = await engineWith({});
    const made = await Promise.all(['a', 'b'].map(async (type) => engine.api.tracks.create({ goal, type })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(2);
    const twice = await Promise.all(
      ['a', 'a'].map(async (type) => engine.api.tracks.create({ goal, type }, { idempotencyKey: 'once' })),
    );
    expect(new Set(twice.map(({ id }) => id)).size).toBe(1);
  });
});

describe('the track of a goal', () => {
  it('runs to COMPLETE with the plan of a planner who read its spec', async () => {
    const seen: unknown[] = [];
    const engine = await engineWith({
      scribe: answering({ spec: written }),
      planner: async ({ input }) => {
        seen.push((input as { spec: string }).spec);
        return {
          status: 'done',
          summary: 'Planned',
          answer: { plan: '# P\n\n## Phase 1: Work\n\n- [ ] Task 1.1: A\n  - **Files**: a.txt\n' },
        };
      },
      worker: async (assignment, { workspace }) => {
        if ('task' in assignment) for (const file of assignment.task.files) await workspace.write(file, 'a\n');
        return 'Did it';
      },
    });
    const { track } = await engine.api.tracks.go({ goal });
    await engine.api.tracks.run(track.id);
    const done = await engine.clock.runUntil(engine.api.tracks.waitFor(track.id, 'completed'));
    expect(done.lifecycle).toBe('completed');
    expect(seen).toEqual([written]);
    expect(await engine.read(`conductor/tracks/${track.id}/metadata.json`)).toContain('"superpower_enhanced": true');
  });

  it('goes on though its own goal is one that nobody could read', async () => {
    const engine = await engineWith({ scribe: answering({ spec: written }) });
    const { id } = await engine.api.tracks.create({ name: 'Smile', goal: '🙂' });
    expect((await engine.api.tracks.go({ trackId: id })).track.id).toBe(id);
    expect(await facts(engine, id, 'track.specified')).toEqual([]);
  });

  it('comes back from its failure as a draft', async () => {
    const engine = await engineWith({ planner: async () => ({ status: 'failed', summary: 'No' }) });
    const { track } = await engine.api.tracks.go({ goal });
    await engine.api.tracks.run(track.id);
    await engine.clock.runUntil(engine.api.tracks.waitFor(track.id));
    const { items } = await engine.api.approvals.list();
    await engine.api.approvals.decide(items[0]?.id ?? '', { outcome: 'approved', choice: 'fail' });
    await engine.api.tracks.run(track.id);
    await engine.clock.runUntil(engine.api.tracks.waitFor(track.id));
    expect((await engine.api.tracks.get(track.id)).lifecycle).toBe('failed');
    expect((await engine.api.tracks.go({ trackId: track.id })).track.lifecycle).toBe('draft');
  });

  it('is nothing that an agent may begin', async () => {
    const engine = await engineWith({});
    const agent = engine.as({ kind: 'agent', id: 'worker-1' });
    await expect(agent.tracks.go({ goal })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await engine.api.tracks.list()).items).toEqual([]);
  });
});

function loggerInto(warned: string[]): Logger {
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: (message) => void warned.push(message),
    error: () => {},
    with: () => logger,
  };
  return logger;
}

it('refuses an intent beside a track, of which it would say nothing', async () => {
  const engine = await engineWith({});
  const { track } = await engine.api.tracks.go({ goal });
  await expect(engine.api.tracks.go({ goal, trackId: track.id, intent: 'feature' })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
  expect(await engine.api.tracks.go({ goal, trackId: track.id })).toMatchObject({ action: 'resumed' });
});
