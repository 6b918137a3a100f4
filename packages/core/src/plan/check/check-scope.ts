import type { Finding } from '../../kernel/finding.js';
import type { PassResult, PlanCheckInput } from './check-plan.js';
import { everyTask, workTasks } from '../model/plan.js';
import type { Plan } from '../model/plan.js';
import type { SpecItem } from '../parse/spec.js';

/**
 * Pass 1. A plan without tasks is an error. Whether a task serves a requirement is a question of meaning, which the critic answers; what
 * can be computed is a warning: an item of the spec of which no word and no id occurs in the plan.
 */
export function checkScope({ plan, spec }: PlanCheckInput): PassResult {
  if (workTasks(plan).length === 0) return { findings: [emptyPlan] };
  if (spec === undefined) return { findings: [], skipped: true };
  const said = wordsOf(planText(plan));
  const items = [...spec.requirements, ...spec.acceptance];
  const uncovered = items.filter((item) => !isCovered(item, said));
  return { findings: [...spec.findings, ...uncovered.map(uncoveredFinding)] };
}

const emptyPlan: Finding = {
  severity: 'error',
  code: 'PLAN_EMPTY',
  line: 1,
  message: 'The plan has no task to work on',
  hint: 'Write tasks as `- [ ] Task 1.1: …` below `## Phase 1: …`.',
};

function planText(plan: Plan): string {
  const parts: string[] = plan.phases.map(({ title }) => title);
  for (const task of everyTask(plan)) {
    parts.push(task.text, task.acceptance ?? '', task.files.join('\n'), task.notes.map(({ text }) => text).join('\n'));
  }
  for (const node of plan.dag?.block.nodes ?? [])
    parts.push(node.name ?? '', node.acceptance ?? '', node.task_instructions ?? '');
  return parts.join('\n');
}

/** Words, their singular and their first five letters, so that `transliterate` meets `transliteration`. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}.-]{2,}/gu) ?? [];
  return new Set(
    words.flatMap((word) => [
      word,
      word.replace(/s$/, ''),
      word.slice(0, 5),
      ...word.split(/[.-]/).map((part) => part.slice(0, 5)),
    ]),
  );
}

const common = new Set([
  'that',
  'this',
  'with',
  'must',
  'should',
  'shall',
  'have',
  'from',
  'when',
  'each',
  'every',
  'will',
  'into',
  'all',
  'the',
  'and',
  'for',
  'are',
  'not',
  'can',
]);

function isCovered(item: SpecItem, said: ReadonlySet<string>): boolean {
  if (item.id !== undefined && said.has(item.id.toLowerCase())) return true;
  const words = [...wordsOf(item.text)].filter((word) => word.length > 2 && !common.has(word));
  return words.length === 0 || words.some((word) => said.has(word));
}

function uncoveredFinding(item: SpecItem): Finding {
  return {
    severity: 'warning',
    code: 'PLAN_REQUIREMENT_UNCOVERED',
    message: `No task speaks of this item of the spec (line ${item.line}): ${item.text.slice(0, 200)}`,
    hint: 'Add a task for it, or move it to Out of Scope.',
    item: item.id ?? `spec:${item.line}`,
  };
}
