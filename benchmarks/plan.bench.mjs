// Reading and editing plans, beside a Markdown parser on the same bytes. Needs `pnpm run build` in the repository.
// CONDUCTOR_CORPUS names a folder of plan files; without it a generated plan is measured.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { editPlan, parsePlan } from '../packages/core/dist/plan/index.js';
import { elapsed, median, report } from './lib/measure.mjs';

function planOf(tasks) {
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

function corpusText(folder) {
  if (folder === undefined) return planOf(5000);
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('plan.md'));
  return files
    .sort()
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
    .join('\n\n');
}

const text = corpusText(process.env.CONDUCTOR_CORPUS);
const megabytes = Buffer.byteLength(text) / 1e6;
const ours = median(() => elapsed(() => parsePlan(text)));
const peer = median(
  () => elapsed(() => fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })),
  Number(process.env.PEER_RUNS ?? 5),
);
report('plan.parse', {
  megabytes,
  oursMs: ours,
  peerMs: peer,
  mbPerSecond: (megabytes / ours) * 1000,
  ratio: peer / ours,
});

const large = planOf(5000);
const mark = [{ do: 'mark', task: '60.7', state: 'done', commit: 'abc1234' }];
report('plan.edit', { tasks: 5000, ms: median(() => elapsed(() => editPlan(large, mark))) });

const [small, huge] = [1000, 100_000].map((tasks) => {
  const plan = planOf(tasks);
  return median(() => elapsed(() => parsePlan(plan))) / tasks;
});
report('plan.slope', { microsecondsAt1k: small * 1000, microsecondsAt100k: huge * 1000, factor: huge / small });
