// Runs in a process of its own, because it reads the environment and a folder.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { editPlan } from '../edit/edit-plan.js';
import { parsePlan } from '../parse/parse-plan.js';
import { planModel } from '../model/plan-model.js';
import { everyTask } from '../model/plan.js';
import type { Plan, PlanTask } from '../model/plan.js';

const corpus = process.env['CONDUCTOR_CORPUS'];
/** A folder of plans of your own in CONDUCTOR_CORPUS, or else the plans of this repository. */
const folder = corpus ?? fileURLToPath(new URL('../../../../cli/templates', import.meta.url));

interface PlanFile {
  readonly name: string;
  readonly text: string;
  readonly plan: Plan;
  readonly codes: readonly string[];
}

function readPlans(): readonly PlanFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /plan[^/\\]*\.md$/i.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      const { plan, findings } = parsePlan(text);
      return { name: relative(folder, join(folder, name)), text, plan, codes: findings.map(({ code }) => code ?? '') };
    });
}

/** `- [x]` at the beginning of a line that is not in fenced code or a comment: told by eye, with nothing of the parser. */
function checkboxLines(text: string): readonly number[] {
  let fence: string | undefined;
  let comment = false;
  return text.split(/\r\n|\n|\r/).flatMap((line, index) => {
    const run = /^[ \t]*(`{3,}|~{3,})([^`]*)$/.exec(line);
    if (fence !== undefined) {
      if (run?.[1]?.startsWith(fence) === true && run[2]?.trim() === '') fence = undefined;
      return [];
    }
    if (run?.[1] !== undefined) {
      fence = run[1];
      return [];
    }
    const hidden = comment;
    comment = comment ? !line.includes('-->') : line.lastIndexOf('<!--') > line.lastIndexOf('-->');
    return !hidden && /^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[^[\]]?\](?![([:])[ \t]*\S/u.test(line) ? [index + 1] : [];
  });
}

/** The lines of one task, its own text and what stands right below it, in the file as it was. */
function linesOf(text: string, { position }: PlanTask): number {
  return text.slice(position.lineStart, Math.max(position.lineEnd, position.ownEnd, position.textEnd)).split('\n')
    .length;
}

/** Every task is given the mark it has: the plan is read, compared and written, and no byte of it may be another one. */
function isKept({ text, plan }: PlanFile): boolean {
  const known = [...everyTask(plan)].filter(({ state }) => state !== 'unknown' && state !== 'blocked');
  return (
    editPlan(
      text,
      known.map(({ id, state }) => ({ do: 'mark', task: id, state })),
    ).text === text
  );
}

describe('the plans of the corpus', () => {
  const files = readPlans();

  it('are all read without an exception [DATA-01]', () => {
    expect(files).not.toHaveLength(0);
    for (const { plan } of files) planModel(plan);
  });

  it('keep every byte when every task is given the mark it has [DATA-02]', () => {
    expect(files.filter((file) => !isKept(file)).map(({ name }) => name)).toEqual([]);
  });

  it('keep every byte when a task is marked and marked back', () => {
    for (const { name, text, plan } of files) {
      const task = [...everyTask(plan)].find(({ state, commit }) => state === 'pending' && commit === undefined);
      if (task === undefined) continue;
      const there = editPlan(text, [{ do: 'mark', task: task.id, state: 'inProgress' }]).text;
      const back = editPlan(there, [{ do: 'mark', task: task.id, state: 'pending' }]).text;
      // A heading without a marker has one afterwards.
      const before = task.position.markerLength < 0 ? text.replaceAll('[ ] ', '') : text;
      expect((task.position.markerLength < 0 ? back.replaceAll('[ ] ', '') : back) === before, name).toBe(true);
      expect(there === text, name).toBe(false);
    }
  });

  it('have a task for every line that is a checkbox to the eye, and none else', () => {
    for (const { name, text, plan } of files) {
      const items = [...everyTask(plan)].filter(({ form }) => form === 'item').map(({ line }) => line);
      expect(
        items.sort((a, b) => a - b),
        name,
      ).toEqual(checkboxLines(text));
    }
  });

  it('change only lines of a task when it is marked, whichever task it is', { timeout: 600_000 }, () => {
    for (const { name, text, plan } of files) {
      for (const task of everyTask(plan)) {
        const state = task.state === 'done' ? 'pending' : 'done';
        const { changedLines, text: edited } = editPlan(text, [{ do: 'mark', task: task.id, state }]);
        const last = task.line + linesOf(text, task) - 1;
        expect(changedLines.length, `${name} ${task.id}`).toBeGreaterThan(0);
        for (const line of changedLines) expect(line >= task.line && line <= last, `${name} ${task.id}`).toBe(true);
        const changed = new Set(changedLines);
        const kept = (whole: string) => whole.split('\n').filter((_, index) => !changed.has(index + 1));
        expect(kept(edited), `${name} ${task.id}`).toEqual(kept(text));
      }
    }
  });

  it.skipIf(corpus === undefined)('of CONDUCTOR_CORPUS: statistics', () => {
    const tasks = files.flatMap(({ plan }) => [...everyTask(plan)]);
    const count = <T>(items: readonly T[], key: (item: T) => string): Readonly<Record<string, number>> => {
      const counts = new Map<string, number>();
      for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
      return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
    };
    const statistics = {
      repositories: new Set(files.map(({ name }) => name.split(/[/\\]/)[0])).size,
      files: files.length,
      byteIdentical: files.filter(isKept).length,
      phases: files.reduce((sum, { plan }) => sum + plan.phases.filter(({ kind }) => kind !== 'loose').length, 0),
      tasks: tasks.length,
      withCommit: tasks.filter(({ commit }) => commit !== undefined).length,
      states: count(tasks, ({ state }) => state),
      findings: count(
        files.flatMap(({ codes }) => codes),
        (code) => code,
      ),
    };
    console.log(JSON.stringify(statistics, null, 2));
    expect(statistics.byteIdentical).toBe(statistics.files);
  });
});
