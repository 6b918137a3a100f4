import { builtInAuthority, initialErrors, initialPatterns, updateProjectIndex } from '@conductor/core/files';

/** What the documents of a new project say of it. */
export interface NewProject {
  readonly name: string;
  /** An instant. */
  readonly at: string;
}

/** The documents of a new project by their path below its folder of documents. */
export function projectDocuments(project: NewProject): ReadonlyMap<string, string> {
  return new Map([
    ['tracks.md', tracks],
    ['index.md', indexPage(project)],
    ['decision-log.md', decisionLog],
    ['workflow.md', workflow],
    ['authority-matrix.md', authorityMatrix()],
    ['knowledge/patterns.md', initialPatterns()],
    ['knowledge/errors.json', initialErrors()],
  ]);
}

const tracks = `# Tracks

## Active Tracks

| Track ID | Name | Type | Status | Step | Created |
| --- | --- | --- | --- | --- | --- |

## Completed Tracks

| Track ID | Name | Completed | Summary |
| --- | --- | --- | --- |
`;

const decisionLog = `# Decision Log

| Date | Track | Decision | Category | Impact | Logged By |
| --- | --- | --- | --- | --- | --- |
`;

const workflow = `# Workflow

1. \`plan.md\` is updated after every task.
2. Every track goes through the loop: PLAN, EVALUATE_PLAN, EXECUTE, EVALUATE_EXECUTION, FIX.
3. No track is complete without an evaluation in which everything passed.
4. Business documents are synchronised before completion when a product decision was taken.
5. The tests run after every change; nothing is complete with failing tests.
`;

function indexPage({ name, at }: NewProject): string {
  const health = { active: 0, blocked: 0, completed: 0, openQuestions: 0 };
  const title = `# ${name.replaceAll(/\s+/gu, ' ')}\n\nWhat runs now: \`conductor status\`. All tracks: [tracks.md](tracks.md).\n`;
  return updateProjectIndex(title, { updatedAt: at, focus: [], completed: [], health });
}

/** The built-in matrix as a file of the project's own, to be changed: a table for each area. */
function authorityMatrix(): string {
  const areas = [...new Set(builtInAuthority.map(({ area }) => area))];
  const tables = areas.map((area) => {
    const rows = builtInAuthority
      .filter((row) => row.area === area)
      .map(({ code, decision, level, lead, guardrail }) =>
        [code, decision, level, lead ?? '-', guardrail ?? '-'].join(' | '),
      );
    const head = ['Code | Decision | Authority | Lead | Guardrails', '--- | --- | --- | --- | ---'];
    return `### ${area}\n\n${[...head, ...rows].map((row) => `| ${row} |`).join('\n')}\n`;
  });
  return `# Authority Matrix

Who decides what: the user (USER_ONLY), a lead (LEAD_CONSULT), or the orchestrator at once. Change it as your project needs it.

## Decision Matrix

${tables.join('\n')}`;
}
