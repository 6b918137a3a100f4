import type { Finding } from '../../kernel/finding.js';
import type { PassResult, PlanCheckInput } from './check-plan.js';
import { levelsOf } from '../dag/levels.js';
import type { PlanModel, PlanModelTask } from '../model/plan-model.js';
import { withChildren, workTasks } from '../model/plan.js';
import type { Plan, PlanTask } from '../model/plan.js';
import { mentionedFiles, normalPath, unique } from '../text/references.js';

/** Steps of the search for a path between two tasks, over the whole plan; a larger plan is checked as far as they reach. */
const maxSteps = 5_000_000;

/** Pass 3: prerequisites, unknown and circular dependencies, and files used before the task that makes them. */
export function checkDependencies(input: PlanCheckInput): PassResult {
  const { plan, model, dependencies } = input;
  const lines = new Map(workTasks(plan).map(({ task }) => [task.id, task.line]));
  const ids = new Set(model.tasks.map(({ id }) => id));
  return {
    findings: [
      ...(dependencies ?? []).filter(({ done }) => !done).map(prerequisite),
      ...model.tasks.flatMap((task) => unknownOf(plan, task, ids, lines)),
      ...cycleOf(plan, model, lines),
      ...missingOf(input),
    ],
  };
}

function prerequisite({ id }: { id: string }): Finding {
  return {
    severity: 'error',
    code: 'PLAN_PREREQUISITE_OPEN',
    message: `The track ${id}, on which this one depends, is not complete`,
    hint: 'Finish it first, or take it out of the dependencies.',
    item: id,
  };
}

/** What a node of the dag says is told by the pass over the dag, once. */
function unknownOf(
  plan: Plan,
  task: PlanModelTask,
  ids: ReadonlySet<string>,
  lines: ReadonlyMap<string, number>,
): readonly Finding[] {
  const unknown = task.dependsOn.filter((id) => !ids.has(id));
  return unknown.map((id) => ({
    severity: 'error',
    code: 'PLAN_DEPENDENCY_UNKNOWN',
    line: lines.get(task.id) ?? plan.dag?.line ?? 1,
    message: `Task ${task.id} depends on ${id}, which is no task of the plan`,
    hint: 'Name the id of a task, or take the dependency out.',
    item: task.id,
  }));
}

function cycleOf(plan: Plan, model: PlanModel, lines: ReadonlyMap<string, number>): readonly Finding[] {
  const { cycle } = levelsOf(new Map(model.tasks.map((task) => [task.id, task.dependsOn])));
  if (cycle === undefined) return [];
  return [
    {
      severity: 'error',
      code: 'PLAN_CYCLE',
      line: lines.get(cycle[0] ?? '') ?? plan.dag?.line ?? 1,
      message: `Tasks depend on each other: ${cycle.join(' → ')}`,
      hint: 'Take one of these dependencies out.',
      ...(cycle[0] === undefined ? {} : { item: cycle[0] }),
      evidence: cycle,
    },
  ];
}

/**
 * Files that a task uses and only a task makes for which it does not wait.
 *
 * A task *makes* what its Files name; it *uses* what its label **Uses** names, and files in backticks in its text, acceptance,
 * notes and sub-tasks that are not its own Files. The use of a file is covered when the task itself makes it, when a task
 * before it in the graph makes it, or when it exists already (`existingFiles`). It is reported when
 * - it stands under **Uses**, whoever makes it later or beside it; or
 * - it stands in backticks, and no task that makes it waits for this one: a test that is written first names the file it tests.
 *
 * A name without a folder counts when it fits exactly one file of the plan and is no `index`, `main` or `mod`.
 */
function missingOf({ plan, model, existingFiles }: PlanCheckInput): readonly Finding[] {
  const makers = makersOf(model);
  const graph = new Map(model.tasks.map((task) => [task.id, task]));
  const { levelOf } = levelsOf(new Map(model.tasks.map((task) => [task.id, task.dependsOn])));
  const instructions = new Map((plan.dag?.block.nodes ?? []).map((node) => [node.id, node.task_instructions ?? '']));
  const budget = { steps: maxSteps };
  const found: Finding[] = [];
  for (const { task } of workTasks(plan)) {
    const own = graph.get(task.id);
    if (own === undefined || own.mark === 'done' || own.mark === 'skipped') continue;
    for (const use of usesOf(task, instructions.get(task.id) ?? '')) {
      const made = makers.find(use.file);
      if (made === undefined || existingFiles?.has(made.file) === true || made.by.includes(task.id)) continue;
      if (made.by.some((id) => waitsFor(task.id, id, graph, levelOf, budget))) continue;
      const order = use.declared ? undefined : made.by.find((id) => waitsFor(id, task.id, graph, levelOf, budget));
      if (order === undefined) found.push(missing(task, made.file, made.by[0] ?? ''));
    }
  }
  return found;
}

function missing(task: PlanTask, file: string, maker: string): Finding {
  return {
    severity: 'error',
    code: 'PLAN_DEPENDENCY_MISSING',
    line: task.line,
    message: `Task ${task.id} uses ${file}, which task ${maker} makes, and does not wait for it`,
    hint: `Let task ${task.id} depend on ${maker}.`,
    item: task.id,
    evidence: [file, maker],
  };
}

interface Use {
  readonly file: string;
  /** Under the label Uses, not merely in backticks. */
  readonly declared: boolean;
}

function usesOf(task: PlanTask, instructions: string): readonly Use[] {
  const declared = new Set([...withChildren(task)].flatMap(({ uses }) => uses));
  const texts = [...withChildren(task)].flatMap(({ text, acceptance, notes }) => [
    text,
    acceptance ?? '',
    ...notes.map((note) => note.text),
  ]);
  const mentioned = mentionedFiles([...texts, instructions].join('\n')).filter((file) => !declared.has(file));
  return [
    ...[...declared].map((file) => ({ file, declared: true })),
    ...mentioned.map((file) => ({ file, declared: false })),
  ];
}

interface Made {
  readonly file: string;
  readonly by: readonly string[];
}

function makersOf(model: PlanModel): { find(file: string): Made | undefined } {
  const byPath = new Map<string, string[]>();
  const byName = new Map<string, string[]>();
  for (const task of model.tasks) {
    for (const file of unique(task.files.map(normalPath))) {
      push(byPath, file, task.id);
      if (byPath.get(file)?.length === 1) push(byName, file.slice(file.lastIndexOf('/') + 1), file);
    }
  }
  return {
    find(file) {
      const path = byPath.has(file) ? file : onlyPath(byName, file);
      const by = path === undefined ? undefined : byPath.get(path);
      return path === undefined || by === undefined ? undefined : { file: path, by };
    },
  };
}

function onlyPath(byName: ReadonlyMap<string, readonly string[]>, file: string): string | undefined {
  const name = file.slice(file.lastIndexOf('/') + 1);
  if (name === file && /^(?:index|main|mod|init|__init__|types|utils|README)\./i.test(name)) return undefined;
  const paths = (byName.get(name) ?? []).filter((path) => path === file || path.endsWith(`/${file}`));
  return paths.length === 1 ? paths[0] : undefined;
}

function push(index: Map<string, string[]>, key: string, value: string): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [value]);
  else list.push(value);
}

/** Walks up from `task`; tasks on a lower level than the goal cannot lead to it. */
function waitsFor(
  task: string,
  goal: string,
  graph: ReadonlyMap<string, PlanModelTask>,
  levelOf: ReadonlyMap<string, number>,
  budget: { steps: number },
): boolean {
  const lowest = levelOf.get(goal) ?? 0;
  const seen = new Set<string>([task]);
  const open = [task];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of graph.get(id)?.dependsOn ?? []) {
      budget.steps -= 1;
      // Out of steps: say nothing rather than something false.
      if (next === goal || budget.steps < 0) return true;
      if (seen.has(next) || (levelOf.get(next) ?? 0) <= lowest) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return false;
}
