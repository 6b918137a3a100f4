import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A plan of many tasks in phases of fifty, each with two labels. */
export function planOf(tasks) {
  const lines = ['# Made — Execution Plan', ''];
  for (let task = 0; task < tasks; task += 1) {
    const phase = Math.floor(task / 50) + 1;
    if (task % 50 === 0) lines.push('', `## Phase ${phase}: Part ${phase}`, '');
    lines.push(
      `- [ ] Task ${phase}.${(task % 50) + 1}: Write the part number ${task}`,
      `    - **Files**: \`src/part-${task}.ts\``,
      '    - **Acceptance**: It works',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** All plans of a folder in one text; without a folder a plan of 5,000 tasks. */
export function corpusText(folder) {
  if (folder === undefined) return planOf(5000);
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('plan.md'));
  return files
    .sort()
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
    .join('\n\n');
}

const repeated = (part) => (size) => part.repeat(Math.ceil(size / part.length));

function deeper(size) {
  let text = '';
  for (let level = 0; text.length < size; level += 1) text += `${'\t'.repeat(level)}- [ ] a\n`;
  return text;
}

/** Texts that make a careless parser quadratic, of about so many characters. */
export const hostilePlans = {
  'tasks of one id': repeated('- [ ] Task 1.1: a\n'),
  'tasks ever deeper': deeper,
  'fences below deep items': (size) => deeper(size / 2) + repeated('```\n```\n')(size / 2),
  'fences that never end': repeated('~~~ a\n````` b\n'),
  'comments that never end': repeated('<!-- '),
  'comments in halves of code': repeated('`<!-- '),
  'code in one line': (size) => `- [ ] ${repeated('` `` ``` ')(size)}`,
  'commits in one line': (size) => `- [x] a ${repeated('abc1234, ')(size)}`,
  'white space': (size) => `- [x] a${repeated(' \t')(size)}b`,
  'one line': repeated('x'),
  checkpoints: (size) => `## Phase 1: ${repeated('[checkpoint')(size)}`,
  underlines: repeated('Phase 1: a\n-----\n'),
};
