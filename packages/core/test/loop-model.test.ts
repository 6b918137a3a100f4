import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ConductorError,
  escalations,
  foldTrack,
  initialTrack,
  nextAction,
  track,
  transitionFor,
  transitions,
} from '../src/index.js';
import type { Action, Step, StepStatus, TrackCommand, TrackState } from '../src/index.js';
import type { EventEnvelope, NewEvent } from '../src/ports/index.js';
import { facts, planned } from '../src/testing/track-facts.js';
import { trackEvent } from '../src/track/events.js';
import { loopFacts } from '../src/track/next-action.js';
import { readLoop } from './loop-model.js';
import type { ModelCommand, ModelFacts, ModelRow, ModelState } from './loop-model.js';

const document = readFileSync(new URL('../../../docs/loop.md', import.meta.url), 'utf8');
const model = readLoop(document);
const pairs = model.steps.flatMap((step) => model.statuses.map((status) => [step, status] as const));
const at = '2026-01-01T00:00:00.000Z';
const actor = { kind: 'engine', id: 'engine' } as const;
const id = 'greet_20260101';

/** What decides beside the pair. Tasks by what they are: `open` can run, `stuck` is blocked, `done` owes nothing. */
interface Setting {
  readonly revisionsLeft: number;
  readonly cyclesLeft: number;
  readonly mode: 'PARALLEL' | 'SEQUENTIAL';
  readonly tasks: readonly ('open' | 'stuck' | 'done')[];
  readonly sync: boolean;
  readonly blocker: boolean;
}

const settings: readonly Setting[] = [0, 1].flatMap((revisionsLeft) =>
  [0, 1].flatMap((cyclesLeft) =>
    (['PARALLEL', 'SEQUENTIAL'] as const).flatMap((mode) =>
      (
        [
          ['open', 'stuck'],
          ['stuck', 'done'],
          ['done', 'done'],
        ] as const
      ).flatMap((tasks) =>
        [true, false].flatMap((sync) =>
          [true, false].map((blocker) => ({ revisionsLeft, cyclesLeft, mode, tasks, sync, blocker })),
        ),
      ),
    ),
  ),
);

/** A real track, and the model of it, side by side. */
class Both {
  state: TrackState = initialTrack(id);
  model: ModelState;
  #tasks: Setting['tasks'];
  #pending: string[] = [];
  #minted = 0;

  constructor(step: string, status: string, { revisionsLeft, cyclesLeft, mode, tasks, sync, blocker }: Setting) {
    this.#tasks = tasks;
    this.model = { step, status, facts: factsOf(tasks, { revisionsLeft, cyclesLeft, mode, sync, blocker }) };
    const marks = tasks.map((task, index) =>
      facts.marked(`${index + 1}`, ({ open: 'pending', stuck: 'blocked', done: 'done' } as const)[task]),
    );
    this.#record(
      ...facts.live({ maxPlanRevisions: revisionsLeft, maxFixCycles: cyclesLeft, maxIterations: 1_000_000 }),
      facts.plan(...tasks.map((_, index) => planned(`${index + 1}`))),
      ...facts.at('EXECUTE', 'IN_PROGRESS', { mode }),
      facts.started('1'),
      trackEvent('task.reported', {
        taskId: '1',
        runId: 'run-1',
        summary: '',
        changed: [],
        answer: { businessSyncRequired: sync },
      }),
      ...marks,
      ...(blocker ? [trackEvent('blocker.raised', { blockerId: 'k', step: 'PLAN', description: 'x' })] : []),
      ...facts.at(step as Step, status as StepStatus, gatesOf(step)), // both are words of the document, compared with our own below
    );
  }

  get pair(): readonly [string, string] {
    return [this.state.loop.step, this.state.loop.status];
  }

  /** What the two do not agree about, and what is owed that the document does not say. Empty: nothing. */
  differences(pending: boolean): readonly string[] {
    const { loop } = this.state;
    const { facts: said } = this.model;
    const real = `${name(this.pair)}, ${loop.planRevisions} revisions, ${loop.fixCycles} cycles`;
    const ours = `${name([this.model.step, this.model.status])}, ${said['plan revisions']} revisions, ${said['fix cycles']} cycles`;
    const action = nextAction(this.state).do;
    const expected = owed(this, pending);
    return [
      ...(real === ours ? [] : [`at ${real}, but by the document at ${ours}`]),
      ...(expected.includes(action) ? [] : [`owes ${action} at ${real}, but by the document ${expected.join(' or ')}`]),
    ];
  }

  /** Does both; says which of them refused. */
  run(command: ModelCommand): { readonly real: 'done' | 'INVALID_STATE'; readonly model: 'done' | 'INVALID_STATE' } {
    const after = model.after(this.model, command);
    if (after) this.model = after;
    return { real: this.#real(command), model: after ? 'done' : 'INVALID_STATE' };
  }

  mark(index: number, to: 'open' | 'stuck' | 'done'): void {
    const state = ({ open: 'pending', stuck: 'blocked', done: 'done' } as const)[to];
    if (!this.#decide({ name: 'task.mark', data: { taskId: `${index + 1}`, state, source: 'person' } })) return; // evaluated already
    this.#tasks = this.#tasks.with(index, to);
    this.model = { ...this.model, facts: { ...this.model.facts, ...taskFacts(this.#tasks) } };
  }

  #real(command: ModelCommand): 'done' | 'INVALID_STATE' {
    const { step, visits } = this.state.loop;
    const data = { step, visit: visits[step] };
    const before = this.state;
    const done = (() => {
      switch (command) {
        case 'start':
          return this.#decide({ name: 'step.start', data: { ...data, rule: 'T0', ...gatesOf(step) } });
        case 'pass':
          return this.#report('PASS') && this.#decide({ name: 'step.pass', data });
        case 'fail':
          return this.#report('FAIL') && this.#decide({ name: 'step.fail', data });
        case 'ask':
          return this.#ask();
        case 'answer':
          return this.#answer();
        case 'crash':
          return this.#decide({ name: 'loop.start', data: { owner: `engine-${(this.#minted += 1)}`, host: 'here' } });
      }
    })();
    if (!done) this.state = before;
    return done ? 'done' : 'INVALID_STATE';
  }

  /** The verdict that an evaluation rests on, where one is at work. */
  #report(verdict: 'PASS' | 'FAIL'): boolean {
    const { step, status, visits } = this.state.loop;
    if (status !== 'IN_PROGRESS' || gatesOf(step).asks === undefined) return true;
    const effect = `${id}/${step}/${visits[step]}/structural`;
    this.#record(
      trackEvent('evaluation.reported', {
        visit: 1,
        evaluator: 'structural',
        effect,
        verdict,
        findings: [],
        evidence: [],
      }),
    );
    return true;
  }

  #ask(): boolean {
    const approvalId = `approval-${(this.#minted += 1)}`;
    this.#pending.push(approvalId);
    const asked = { approvalId, reason: 'TRACK_BLOCKED', subject: '', summary: '', options: [] };
    return this.#decide({ name: 'decision.request', data: { ...asked, blockerId: `k${this.#minted}`, rule: 'T30' } });
  }

  /** A person says that it is resolved; where nobody asked, it is as if somebody had. */
  #answer(): boolean {
    if (this.#pending.length === 0) this.#ask();
    for (const approvalId of this.#pending) {
      this.#decide({ name: 'decision.give', data: { approvalId, outcome: 'approved', leadsTo: 'resolved', by: 'mo' } });
      this.#decide({ name: 'decision.apply', data: { approvalId } });
    }
    this.#pending = [];
    return true;
  }

  #decide(command: TrackCommand): boolean {
    try {
      this.#record(...track.decide(this.state, command, { at, actor }));
      return true;
    } catch (error) {
      if (!ConductorError.is(error, 'INVALID_STATE')) throw error;
      if (error.hint?.includes('infer') !== true) throw error; // the way out of a state that nobody knows
      return false;
    }
  }

  #record(...events: readonly NewEvent[]): void {
    this.state = foldTrack(
      this.state,
      events.map((event, index): EventEnvelope => {
        const version = this.state.version + index + 1;
        const place = { id: `e${version}`, seq: version, stream: `track/${id}`, version, commit: version };
        return { ...place, at, actor, correlation: {}, ...event };
      }),
    );
  }
}

function gatesOf(step: string): { readonly asks?: string[][] } {
  return step === 'EVALUATE_PLAN' || step === 'EVALUATE_EXECUTION' ? { asks: [['structural']] } : {};
}

function taskFacts(tasks: Setting['tasks']): ModelFacts {
  return {
    'runnable tasks': tasks.filter((task) => task === 'open').length,
    'stuck tasks': tasks.filter((task) => task === 'stuck').length,
  };
}

function factsOf(tasks: Setting['tasks'], setting: Omit<Setting, 'tasks'>): ModelFacts {
  return {
    ...taskFacts(tasks),
    'open blockers': Number(setting.blocker),
    'plan revisions': 0,
    'max plan revisions': setting.revisionsLeft,
    'fix cycles': 0,
    'max fix cycles': setting.cyclesLeft,
    'sync flags': Number(setting.sync),
    mode: setting.mode,
  };
}

/** A row of the code in the words of the document. */
function told(row: (typeof transitions)[number] | undefined): Omit<ModelRow, 'when' | 'counts'> | undefined {
  if (!row) return undefined;
  const verbs = {
    start: 'start',
    resume: 'go on',
    move: 'move',
    escalate: 'ask',
    reopen: 'open again',
    complete: 'finish',
  } as const;
  return {
    id: row.id,
    step: row.step ?? 'any',
    status: row.status ?? 'any',
    does: verbs[row.does],
    nextStatus: row.next.status,
    ...(row.reason !== undefined && { reason: row.reason }),
    ...(row.next.step !== undefined && { nextStep: row.next.step }),
  };
}

/** The same of a row of the document. */
function spoken(row: ModelRow | undefined): ReturnType<typeof told> {
  if (!row) return undefined;
  const { when: _, counts: __, ...rest } = row;
  return rest;
}

/** What is owed in a state, by the words of the document alone. */
function owed(both: Both, pending: boolean): readonly Action['do'][] {
  const { step, status, facts: f } = both.model;
  const row = model.rowFor(both.model);
  if (!row) return ['none'];
  if (status === 'BLOCKED') return pending ? ['await'] : row.does === 'ask' ? ['escalate'] : ['start', 'escalate'];
  if (row.does === 'ask') return ['escalate'];
  if (status === 'NOT_STARTED') return step === 'FIX' && Number(f['stuck tasks']) > 0 ? ['escalate'] : ['start'];
  if (status === 'IN_PROGRESS') return ['ask', 'work', 'wait', 'close', 'finish', 'settle'];
  if (row.does === 'finish') return ['stop'];
  return row.does === 'go on' ? ['start'] : ['close'];
}

const name = ([step, status]: readonly [string, string]) => `${step} / ${status}`;

describe('the document of the loop', () => {
  it('names the steps, the statuses, the beginning and the rows of the code, each once and in its order', () => {
    expect(model.steps).toEqual(Object.keys(initialTrack(id).loop.visits));
    expect(model.start).toMatchObject({ step: initialTrack(id).loop.step, status: initialTrack(id).loop.status });
    expect(model.rows.map(spoken)).toEqual(transitions.map(told));
    expect([...model.conditions.keys()].every((when) => model.rows.some((row) => row.when === when))).toBe(true);
  });

  it('names the pairs that are invalid', () => {
    const unknown = pairs.filter(([step, status]) =>
      settings.every((setting) => !model.rowFor(new Both(step, status, setting).model)),
    );
    const skipped = model.steps
      .filter((step) => step !== 'BUSINESS_SYNC' && step !== 'COMPLETE')
      .map((step) => `${step} / SKIPPED`);
    expect(unknown.map(name).sort()).toEqual(['BRAINSTORM / FAILED', 'BUSINESS_SYNC / FAILED', ...skipped].sort());
    expect(document.replaceAll(/\s+/gu, ' ')).toContain(
      'BRAINSTORM / FAILED, BUSINESS_SYNC / FAILED, and SKIPPED at any step but BUSINESS_SYNC and COMPLETE',
    );
  });

  it('names every reason to ask a person, with its options in their order', () => {
    const rows = document.split('\n').flatMap((line) => {
      const [, reason, , first = '', others = ''] = line.split('|').map((cell) => cell.trim());
      return reason?.startsWith('`') ? [[reason.replaceAll('`', ''), [first, ...others.split(', ')]] as const] : [];
    });
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(
        Object.entries(escalations).map(([reason, { options }]) => [reason, options.map(({ leadsTo }) => leadsTo)]),
      ),
    );
  });
});

describe('the loop', () => {
  it('is what its document says, in every step, status and condition; every other pair is an INVALID_STATE that offers to infer it anew [LOOP-01] [LOOP-02]', () => {
    const visited = new Set<string>();
    const rows = new Set<ModelRow>();
    const wrong: string[] = [];
    for (const [step, status] of pairs) {
      for (const setting of settings) {
        const both = new Both(step, status, setting);
        const { state, model: place } = both;
        const row = model.rowFor(place);
        const real = transitionFor(state.loop.step, state.loop.status, loopFacts(state));
        const differences = [...both.differences(false)];
        if (JSON.stringify(told(real)) !== JSON.stringify(spoken(row)))
          differences.push(`row ${JSON.stringify(told(real))}, but by the document ${JSON.stringify(spoken(row))}`);
        for (const command of ['start', 'pass', 'fail', 'ask'] as const) {
          [both.state, both.model] = [state, place];
          const said = both.run(command);
          if (said.real !== said.model) differences.push(`${command}: ${said.real}, but by the document ${said.model}`);
          if (!row && command !== 'ask' && said.real === 'done') differences.push(`${command} is not refused`);
          differences.push(...both.differences(command === 'ask').map((text) => `after ${command} ${text}`));
        }
        if (differences.length > 0)
          wrong.push(`${step} / ${status} ${JSON.stringify(setting)}: ${differences.join('; ')}`);
        visited.add(name([step, status]));
        if (row) rows.add(row);
      }
    }
    expect(wrong).toEqual([]);
    expect([...visited]).toEqual(pairs.map(name));
    expect(model.rows.filter((row) => !rows.has(row))).toEqual([]);
  });

  it('follows its document through any story, and the stories come to every pair', () => {
    const visited = new Map<string, number>();
    const rows = new Map<ModelRow, number>();
    const setting = fc
      .constantFrom(...settings)
      .chain((one) =>
        fc.record({ revisionsLeft: fc.nat(2), cyclesLeft: fc.nat(2) }).map((left) => ({ ...one, ...left })),
      );
    const command = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('start', 'pass', 'fail' as const) },
      { weight: 1, arbitrary: fc.constantFrom('ask', 'answer', 'crash' as const) },
      {
        weight: 1,
        arbitrary: fc.record({ task: fc.nat(1), to: fc.constantFrom('open', 'stuck', 'done' as const) }),
      },
    );
    const beginning = fc.oneof(
      { weight: 3, arbitrary: fc.constant([model.start.step, model.start.status] as const) },
      { weight: 2, arbitrary: fc.constantFrom(...pairs) },
    );
    fc.assert(
      fc.property(
        beginning,
        setting,
        fc.array(command, { maxLength: 40, size: 'max' }),
        ([step, status], given, story) => {
          const both = new Both(step, status, given);
          let pending = false;
          const wrong: string[] = [];
          const look = () => {
            visited.set(name(both.pair), (visited.get(name(both.pair)) ?? 0) + 1);
            const row = model.rowFor(both.model);
            if (row) rows.set(row, (rows.get(row) ?? 0) + 1);
            wrong.push(...both.differences(pending));
          };
          look();
          for (const what of story) {
            if (typeof what === 'object') both.mark(what.task, what.to);
            else {
              const said = both.run(what);
              if (said.real !== said.model) wrong.push(`${what}: ${said.real}, but by the document ${said.model}`);
              if (what === 'ask') pending = true;
              if (what === 'answer') pending = false;
            }
            look();
          }
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 1000, seed: 20260101 },
    );
    const never = pairs.map(name).filter((pair) => !visited.has(pair));
    expect(never, `pairs that no story came to; visits: ${JSON.stringify(Object.fromEntries(visited))}`).toEqual([]);
    expect(model.rows.filter((row) => !rows.has(row)).map(({ id: row }) => row)).toEqual([]);
  });
});
