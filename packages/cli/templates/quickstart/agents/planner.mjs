// Stands in for a coding agent: it knows its plan by heart. Its first plan forgets that task 2.1 needs task 1.2;
// when it is asked again with the findings, it gives the right one.
import { readFileSync } from 'node:fs';
import { answer, assignment, trace } from './assignment.mjs';

const right = readFileSync(new URL('../track/plan.md', import.meta.url), 'utf8');
const first = right.replace("depends_on: ['1.1', '1.2']", "depends_on: ['1.1']");
const revised = assignment.input.findings.length > 0;

trace(`planner attempt=${assignment.attempt} revised=${revised}`);
answer({ status: 'done', summary: revised ? 'Revised the plan' : 'Wrote a plan', answer: { plan: revised ? right : first } });
