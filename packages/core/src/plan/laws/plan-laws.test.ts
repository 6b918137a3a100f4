import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConductorError } from '../../kernel/error.js';
import { checkPlan } from '../check/check-plan.js';
import { editPlan } from '../edit/edit-plan.js';
import { formatPlan } from '../write/format-plan.js';
import type { PlanOutline } from '../write/format-plan.js';
import { parsePlan } from '../parse/parse-plan.js';
import { planModel, PlanModel } from '../model/plan-model.js';
import { everyTask, planJson } from '../model/plan.js';
import type { PlanEdit, PlanTaskState, TaskOutline } from '../model/plan.js';
import { parseSpec } from '../parse/spec.js';

/** Lines that mean something to the codec, good and bad, in any order. */
const lines = fc.constantFrom(
  ...[
    '# T — Execution Plan',
    '## Phase 1: A',
    '## Phase 2: B [checkpoint: abc1234]',
    '### Task 3.1: heading',
    '## Context',
  ],
  ...[
    '- [ ] Task 1.1: a',
    '- [x] Task 1.2: b abc1234',
    '* [~] c <!-- deps: 1.1 -->',
    '    - [!] d',
    '\t- [-] e',
    '1. [ ] f',
  ],
  ...['  - **Files**: `src/a.ts`', '    - **Reason**: r', '- note', '  wrapped text', '', '   ', '---', '| a |', '> q'],
  ...[
    '```yaml',
    'dag:',
    '  nodes:',
    '    - id: "1.1"',
    '```',
    '~~~',
    '<!--',
    '-->',
    '<!-- files: a.ts -->',
    '- [ ] <!--',
  ],
  ...[
    '## Discovered Work',
    '## Plan Evaluation Report',
    '## Fix Phase (Cycle 1)',
    '- [ ] Fix 1: x',
    '- [] y',
    '- [?] z',
  ],
  ...[
    '===',
    '---',
    '-----',
    'Phase 3: C',
    'Task 4.1: d',
    '**Status:** [x]',
    '    - **Commit**: `abc1234`',
    '  (`abc1234`).',
  ],
  ...[
    '- [x] g (`abc1234`, `def5678`).',
    '- [x] h abc1234, def5678',
    '- [ ] i <!-- abc1234 -->',
    '    <!-- commit: abc1234 -->',
  ],
);
const endings = fc.constantFrom('\n', '\r\n', '\r');
const planText = fc
  .tuple(fc.array(lines, { maxLength: 40 }), endings, fc.boolean(), fc.boolean())
  .map(([all, end, mark, last]) => (mark ? '\ufeff' : '') + all.join(end) + (last ? end : ''));
/** What is left of a plan when bits of its bytes are turned and its end is cut off. */
const brokenText = fc
  .tuple(planText, fc.array(fc.tuple(fc.nat(), fc.nat(7)), { maxLength: 8 }), fc.nat())
  .map(([text, flips, end]) => {
    const bytes = new TextEncoder().encode(text);
    for (const [at, bit] of flips)
      if (bytes.length > 0) bytes.set([(bytes[at % bytes.length] ?? 0) ^ (1 << bit)], at % bytes.length);
    return new TextDecoder().decode(bytes.subarray(0, end % (bytes.length + 1)));
  });
const anyBytes = fc.uint8Array({ maxLength: 600 }).map((bytes) => new TextDecoder().decode(bytes));
const anyText = fc.oneof(
  planText,
  brokenText,
  anyBytes,
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ maxLength: 400 }),
);

const states: readonly PlanTaskState[] = ['pending', 'inProgress', 'done', 'blocked', 'skipped'];
const words = fc.string({ maxLength: 30 });
const sha = fc.constantFrom('abc1234', 'def5678', '0123456789abcdef0123456789abcdef01234567');

describe('laws of the plan codec', () => {
  it('reads any text without throwing, and each task on a line that is there', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { plan, findings } = parsePlan(text);
        const count = text.split(/\r\n|\n|\r/).length;
        const ids = [...everyTask(plan)].map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { line } of [...everyTask(plan), ...findings]) {
          if (line !== undefined) expect(line >= 1 && line <= count).toBe(true);
        }
        for (const { position, marker } of everyTask(plan)) {
          if (position.markerLength > 0) expect(text.substr(position.marker, position.markerLength)).toBe(marker);
        }
        const model = planModel(plan);
        expect(PlanModel.safeParse(model).success).toBe(true);
        expect(JSON.parse(JSON.stringify(planJson(plan)))).toEqual(planJson(plan));
        checkPlan({ plan, model, spec: parseSpec(text) });
      }),
      { numRuns: 400 },
    );
  });

  it('gives back every byte when there is nothing to edit, and when every mark is there already [PLN-14]', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(editPlan(text, [])).toEqual({ text, changedLines: [] });
        const tasks = [...everyTask(parsePlan(text).plan)];
        const marked = tasks.filter(
          ({ state, position }) => position.markerLength !== 0 && state !== 'blocked' && states.includes(state),
        );
        const same = marked.map(({ id, state }): PlanEdit => ({ do: 'mark', task: id, state }));
        expect(editPlan(text, same)).toEqual({ text, changedLines: [] });
      }),
      { numRuns: 400 },
    );
  });

  it('marks a task so that the text reads as the marked plan, and leaves every other line as it was', () => {
    const edit = fc.record({
      at: fc.nat(),
      state: fc.constantFrom(...states),
      commit: fc.option(sha),
      note: fc.option(words),
    });
    fc.assert(
      fc.property(planText, edit, (text, { at, state, commit, note }) => {
        const tasks = [...everyTask(parsePlan(text).plan)];
        const task = tasks[at % Math.max(1, tasks.length)];
        if (task === undefined) return;
        const mark: PlanEdit = {
          ...{ do: 'mark', task: task.id, state },
          ...(commit === null ? {} : { commit }),
          ...(note === null ? {} : { note }),
        };
        const edited = edit1(text, mark);
        if (edited === undefined) return;
        const after = [...everyTask(parsePlan(edited.text).plan)];
        expect(after.find(({ id }) => id === task.id)).toMatchObject({ state, ...(commit === null ? {} : { commit }) });
        expect(after.map(({ id, text: shown }) => [id, shown])).toEqual(
          tasks.map(({ id, text: shown }) => [id, shown]),
        );
        expectOnlyChanged(text, edited);
      }),
      { numRuns: 600 },
    );
  });

  it('adds what an edit names and leaves every other line as it was', () => {
    const edits = fc.oneof(
      fc.record({
        do: fc.constant('addTask' as const),
        phase: fc.constantFrom('1', 'B', ''),
        task: fc.record({ text: words }),
      }),
      fc.record({ do: fc.constant('addPhase' as const), title: words }),
      fc.record({ do: fc.constant('setCheckpoint' as const), phase: fc.constantFrom('1', '2'), sha }),
      fc.record({ do: fc.constant('discover' as const), description: words, reason: words, recommendation: words }),
      fc.record({
        do: fc.constant('appendReport' as const),
        markdown: words.map((body) => `## Technical Review\n\n${body}`),
      }),
      fc.record({ do: fc.constant('replaceDag' as const), yaml: fc.constant('dag:\n  nodes:\n    - id: "7"\n') }),
    );
    fc.assert(
      fc.property(planText, edits, (text, edit) => {
        const edited = edit1(text, edit);
        if (edited !== undefined && edit.do !== 'replaceDag') expectOnlyChanged(text, edited);
      }),
      { numRuns: 600 },
    );
  });

  it('reads a formatted outline as that outline', () => {
    const file = fc.stringMatching(/^[a-z]{1,6}\/[a-zäß]{1,6}\.(ts|md)$/);
    const text = fc.oneof(fc.string(), fc.lorem({ maxCount: 5 })).filter((value) => !value.includes('<!--'));
    const task = fc.record(
      { text, files: fc.uniqueArray(file, { maxLength: 3 }), acceptance: text, type: fc.constantFrom('code', 'ui') },
      { requiredKeys: ['text'] },
    );
    const outlines = fc.array(
      fc.record({ title: fc.lorem({ maxCount: 2 }), tasks: fc.array(task, { maxLength: 4 }) }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(fc.lorem({ maxCount: 3 }), outlines, (title, phases) => {
        const outline: PlanOutline = {
          title,
          phases: phases.map((phase, at) => ({ ...phase, tasks: chained(phase.tasks, at + 1) })),
        };
        const { plan } = parsePlan(formatPlan(outline));
        expect(plan.title).toBe(title);
        expect(plan.phases.map((phase) => phase.title)).toEqual(outline.phases.map((phase) => phase.title));
        const read = planModel(plan).tasks.map(({ id, title: words_, files, dependsOn, acceptance }) => [
          id,
          words_,
          files,
          dependsOn,
          acceptance,
        ]);
        const meant = outline.phases.flatMap(({ tasks }, at) =>
          tasks.map((one, index) => [
            ...[`${at + 1}.${index + 1}`, shown(one.text), one.files ?? [], one.dependsOn ?? []],
            shown(one.acceptance ?? '') || undefined,
          ]),
        );
        expect(read).toEqual(meant);
      }),
      { numRuns: 300 },
    );
  });
});

function chained(tasks: readonly TaskOutline[], phase: number): readonly TaskOutline[] {
  return tasks.map((task, at) => (at === 0 ? task : { ...task, dependsOn: [`${phase}.${at}`] }));
}

function shown(text: string): string {
  return text.replaceAll(/[\u0000-\u0020\u007f\u0085\u2028\u2029]+/g, ' ').trim();
}

/** An edit that is refused is no counterexample; one that fails otherwise is. */
function edit1(text: string, edit: PlanEdit): ReturnType<typeof editPlan> | undefined {
  try {
    return editPlan(text, [edit]);
  } catch (error) {
    if (ConductorError.is(error, 'EDIT_REFUSED', 'TASK_NOT_FOUND', 'VALIDATION_FAILED')) return undefined;
    throw error;
  }
}

/** Taking the changed lines out of the new text, and the lines they replace out of the old one, leaves the same. */
function expectOnlyChanged(before: string, edited: { text: string; changedLines: readonly number[] }): void {
  const changed = new Set(edited.changedLines);
  const kept = linesOf(edited.text).filter((_, at) => !changed.has(at + 1));
  const old = linesOf(before);
  let at = 0;
  for (const line of kept) {
    while (at < old.length && old[at] !== line) at += 1;
    expect(at).toBeLessThan(old.length);
    at += 1;
  }
  expect(old.length - kept.length).toBeLessThanOrEqual(changed.size);
}

function linesOf(text: string): readonly string[] {
  const all = text.split(/\r\n|\n|\r/);
  return all.at(-1) === '' ? all.slice(0, -1) : all;
}
