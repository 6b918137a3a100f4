import type { Finding } from '../../kernel/finding.js';
import type { PassResult, PlanCheckInput } from './check-plan.js';
import type { PlanModelTask } from '../model/plan-model.js';
import { everyTask, withChildren, workTasks } from '../model/plan.js';
import type { Plan, PlanTask } from '../model/plan.js';

/** A task with more than these is too large for one session. */
const largest = { files: 15, children: 15, minutes: 480 };

const vague =
  /^(?:tbd|todo|wip|misc(?:ellaneous)?|various|etc|stuff|things|cleanup|clean up|fix(?: up)?(?: (?:it|stuff|things|bugs|issues|everything))?|(?:improve|refactor|update|change|finish|do|handle|implement)(?: (?:it|stuff|things|everything|code|the code|the rest|rest|more))?)[\s.!…]*$/i;

/**
 * Pass 4. Errors: a task that says nothing or only "fix things", and a path that leaves the project. Warnings: no acceptance (it then
 * inherits the goal, R42), no files, too large, a done mark without commit and summary, a blocked one without a reason.
 */
export function checkQuality({ plan, model }: PlanCheckInput): PassResult {
  const byId = new Map(model.tasks.map((task) => [task.id, task]));
  const findings = workTasks(plan).flatMap(({ task }) => {
    const modelled = byId.get(task.id);
    return modelled === undefined ? [] : checkTask(task, modelled);
  });
  return { findings: [...findings, ...checkMarks(plan)] };
}

function checkTask(task: PlanTask, model: PlanModelTask): readonly Finding[] {
  const at = { line: task.line, item: task.id };
  const unsafe = model.files.filter(leavesProject).map((file): Finding => ({
    ...at,
    severity: 'error',
    code: 'PLAN_PATH_UNSAFE',
    message: `Task ${task.id} names ${JSON.stringify(file)}, which is not below the project`,
    hint: 'Give paths relative to the root of the project.',
  }));
  if (isSettled(model)) return unsafe;
  return [...unsafe, ...clarity(task, model, at), ...size(task, model, at)];
}

function isSettled({ mark }: PlanModelTask): boolean {
  return mark === 'done' || mark === 'skipped';
}

function clarity(task: PlanTask, model: PlanModelTask, at: { line: number; item: string }): readonly Finding[] {
  const found: Finding[] = [];
  const words = task.text.replaceAll(/[*_`~]/g, '').trim();
  if (words === '' || vague.test(words)) {
    const message = words === '' ? `Task ${task.id} says nothing` : `Task ${task.id} is vague: ${words}`;
    found.push({
      ...at,
      severity: 'error',
      code: 'PLAN_TASK_VAGUE',
      message,
      hint: 'Say what is made or changed, and where.',
    });
  }
  if (model.acceptance === undefined) {
    const hint = "It inherits the track's goal; write **Acceptance** to say when it is done.";
    found.push({
      ...at,
      severity: 'warning',
      code: 'PLAN_ACCEPTANCE_MISSING',
      message: `Task ${task.id} has no acceptance`,
      hint,
    });
  }
  if (model.files.length === 0) {
    const hint = 'Write **Files**, so that tasks which touch the same file do not run at once.';
    found.push({
      ...at,
      severity: 'warning',
      code: 'PLAN_FILES_MISSING',
      message: `Task ${task.id} names no files`,
      hint,
    });
  }
  return found;
}

function size(task: PlanTask, model: PlanModelTask, at: { line: number; item: string }): readonly Finding[] {
  const children = [...withChildren(task)].length - 1;
  const reasons = [
    model.files.length > largest.files ? `${model.files.length} files` : '',
    children > largest.children ? `${children} sub-tasks` : '',
    (model.estimateMinutes ?? 0) > largest.minutes ? `${model.estimateMinutes} minutes` : '',
  ].filter((reason) => reason !== '');
  if (reasons.length === 0) return [];
  const message = `Task ${task.id} is large for one session: ${reasons.join(', ')}`;
  return [{ ...at, severity: 'warning', code: 'PLAN_TASK_LARGE', message, hint: 'Split it.' }];
}

/** Absolute, of a drive, of another host, or with `..`: nothing a task may touch. */
function leavesProject(file: string): boolean {
  return file.startsWith('/') || file.startsWith('~') || /^[A-Za-z]:/.test(file) || file.split('/').includes('..');
}

/**
 * What marks promise: a done task has a commit and a summary, a blocked one a reason. Warnings; the evaluation of the
 * execution decides what they mean.
 */
export function checkMarks(plan: Plan): readonly Finding[] {
  const units = new Set(workTasks(plan).map(({ task }) => task));
  const found: Finding[] = [];
  for (const task of everyTask(plan)) {
    const at = { severity: 'warning', line: task.line, item: task.id } as const;
    const summary = task.notes.length > 0 || task.children.length > 0;
    if (task.state === 'blocked' && task.notes.length === 0 && !task.labels.some(({ name }) => name === 'reason')) {
      const message = `Task ${task.id} is blocked and does not say why`;
      found.push({ ...at, code: 'PLAN_BLOCKED_UNEXPLAINED', message, hint: 'Write `- **Reason**: …` below it.' });
    }
    if (task.state !== 'done' || !units.has(task)) continue;
    const missing = [task.commit === undefined ? 'commit' : '', summary ? '' : 'summary'].filter((word) => word !== '');
    if (missing.length === 0) continue;
    const message = `Task ${task.id} is done but has no ${missing.join(' and no ')}`;
    found.push({
      ...at,
      code: 'PLAN_DONE_UNPROVEN',
      message,
      hint: 'Write `<!-- commit: <sha> -->` and a line of summary below it.',
    });
  }
  return found;
}
