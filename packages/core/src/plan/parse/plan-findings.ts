import type { Finding } from '../../kernel/finding.js';
import type { PhaseDraft, PlanDrafts, UnreadBox } from '../read/drafts.js';
import type { Phase, Plan, PlanTask } from '../model/plan.js';
import { maxDepth } from '../read/read-items.js';
import type { ScanSlip } from '../text/scan-lines.js';
import { isSha } from '../read/commits.js';

/** Findings of one parse; a file that is wrong on every line helps nobody with more. */
export const maxParseFindings = 1000;

/** What the reader saw and could not make sense of: markers, commits, checkboxes in odd places, phases and plans without a task. */
export function planFindings(plan: Plan, drafts: PlanDrafts): readonly Finding[] {
  const findings = drafts.unread.map(unreadFinding);
  let tasks = 0;
  plan.phases.forEach((phase, index) => {
    const draft = drafts.phases[index];
    const finding = draft === undefined ? undefined : phaseFinding(phase, draft);
    if (finding !== undefined) findings.push(finding);
    tasks += phase.tasks.length;
    for (const task of phase.tasks) readTask(task);
  });
  if (tasks === 0) findings.push(noTasksFinding(plan));
  return findings;

  function readTask(task: PlanTask): void {
    if (findings.length > maxParseFindings) return;
    const marker = markerFinding(task);
    if (marker !== undefined) findings.push(marker);
    const commit = commitFinding(task);
    if (commit !== undefined) findings.push(commit);
    if (task.children.length > 0) for (const child of task.children) readTask(child);
  }
}

function unreadFinding({ line, text, where }: UnreadBox): Finding {
  const places = { text: 'a line of text', quote: 'a quote', table: 'a table' };
  return {
    severity: where === 'text' ? 'warning' : 'info',
    code: 'PLAN_CHECKBOX_UNREAD',
    line,
    message: `A checkbox in ${places[where]} is not read as a task: ${text.trim()}`,
    hint: 'Write tasks as `- [ ] Task 1.1: …`, a bullet, a space and one character between the brackets.',
  };
}

function phaseFinding(phase: Phase, draft: PhaseDraft): Finding | undefined {
  const { checkpoint, line, title } = phase;
  if (checkpoint !== undefined && !checkpoint.split(/[ \t]*,[ \t]*/).every(isSha)) {
    return {
      severity: 'warning',
      code: 'PLAN_CHECKPOINT_ODD',
      line,
      message: `The checkpoint ${checkpoint} is no commit and is kept as it is`,
      hint: 'Give 7 to 12 or all 40 hexadecimal characters.',
    };
  }
  if (phase.kind === 'loose' || phase.tasks.length > 0 || draft.plainItems === 0) return undefined;
  return {
    severity: 'info',
    code: 'PLAN_PHASE_EMPTY',
    line,
    message: `The phase ${title} has no task: ${draft.plainItems} list items in it have no checkbox`,
    hint: 'Begin what is to be done with `- [ ]`.',
  };
}

function noTasksFinding(plan: Plan): Finding {
  const steps = plan.sections.filter(({ title }) => /^(?:step|etapa|schritt|étape|passo)[ \t]*\d/i.test(title));
  const [first] = steps;
  return {
    severity: 'warning',
    code: 'PLAN_NO_TASKS',
    line: first?.line ?? 1,
    message:
      first === undefined
        ? 'The plan has no tasks'
        : `The plan has no tasks; ${steps.length} headings such as ${first.title} are not read as tasks`,
    hint: 'Write tasks as `- [ ] Task 1.1: …` below `## Phase 1: …`.',
  };
}

// Between signs, so that a number or a word of the text is not taken for one.
const shaInText = /[`([](?=[0-9a-f]{0,39}[a-f])(?=[0-9a-f]{0,39}\d)(?:[0-9a-f]{40}|[0-9a-f]{7,12})[`)\],; ]/i;

/** A done task that names a commit in the midst of its text. */
function commitFinding(task: PlanTask): Finding | undefined {
  if (task.state !== 'done' || task.commit !== undefined || !shaInText.test(task.text)) return undefined;
  return {
    severity: 'info',
    code: 'PLAN_COMMIT_UNREAD',
    line: task.line,
    message: 'The text names a commit in its midst, which is not read as the commit of the task',
    hint: 'Put it at the end, as `<!-- commit: abc1234 -->`.',
    item: task.id,
  };
}

export function slipFinding(slip: ScanSlip): Finding {
  if (slip.kind === 'fenceUnclosed') {
    return {
      severity: 'error',
      code: 'PLAN_FENCE_UNCLOSED',
      line: slip.line,
      message: 'A code fence is opened here and closed nowhere: what follows is read as code',
      hint: 'Close it with the same number of backticks or tildes.',
    };
  }
  return {
    severity: 'warning',
    code: 'PLAN_COMMENT_UNCLOSED',
    line: slip.line,
    message: 'A comment is opened here and closed nowhere: it is read as text',
    hint: 'Close it with `-->`.',
  };
}

export function repeatFinding(repeat: { id: string; instead: string; line: number }): Finding {
  return {
    severity: 'warning',
    code: 'PLAN_ID_REPEATED',
    line: repeat.line,
    message: `Another task has the id ${repeat.id}; this one is read as ${repeat.instead}`,
    hint: 'Give each task its own id.',
    item: repeat.instead,
  };
}

export function depthFinding(line: number): Finding {
  return {
    severity: 'warning',
    code: 'PLAN_TOO_DEEP',
    line,
    message: `Sub-tasks are nested deeper than ${maxDepth} levels; this one is read as a sibling`,
    hint: 'Make it a task of its own.',
  };
}

const oddMarkers: Readonly<Record<string, string>> = { '-': 'skipped', '/': 'in progress', '': 'pending' };

function markerFinding(task: PlanTask): Finding | undefined {
  if (task.position.markerLength < 0) return undefined;
  const known = Object.hasOwn(oddMarkers, task.marker) ? oddMarkers[task.marker] : undefined;
  if (known === undefined && task.state !== 'unknown') return undefined;
  const box = `[${task.marker}]`;
  return {
    severity: 'warning',
    code: known === undefined ? 'PLAN_MARKER_UNKNOWN' : 'PLAN_MARKER_ODD',
    line: task.line,
    message:
      known === undefined ? `The marker ${box} has no meaning and is kept` : `The marker ${box} is read as ${known}`,
    hint: 'Use `[ ]` pending, `[~]` in progress, `[x]` done or `[!]` blocked.',
    item: task.id,
  };
}
