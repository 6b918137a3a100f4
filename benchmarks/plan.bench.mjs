// Reading and editing plans, beside a Markdown parser on the same bytes. Needs `pnpm run build` in the repository.
// CONDUCTOR_CORPUS names a folder of plan files; without it a generated plan is measured.
// Times are processor time of this process; the load of the machine is printed too.
// Each line of the output holds a floor or a ceiling; one that is missed makes the run fail.
import { availableParallelism, loadavg } from 'node:os';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { editPlan, parsePlan } from '../packages/core/dist/plan/index.js';
import { busy, median, report, warmed } from './lib/measure.mjs';
import { corpusText, hostilePlans, planOf } from './lib/plans.mjs';

function require(name, met) {
  if (met) return;
  process.exitCode = 1;
  process.stderr.write(`${name} was not reached\n`);
}

const [load = 0] = loadavg();
report('machine', { load, cores: availableParallelism() });

const text = corpusText(process.env.CONDUCTOR_CORPUS);
const megabytes = Buffer.byteLength(text) / 1e6;
// Compiled by runs, not by seconds: on a machine that others keep busy two seconds are few runs.
for (let count = 0; count < 30; count += 1) parsePlan(text);
const ours = warmed(() => busy(() => parsePlan(text)));
const peer = median(
  () => busy(() => fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })),
  Number(process.env.PEER_RUNS ?? 5),
);
const speed = { mbPerSecond: (megabytes / ours) * 1000, mbPerSecondFloor: 30, ratio: peer / ours, ratioFloor: 20 };
report('plan.parse', { megabytes, oursMs: ours, peerMs: peer, ...speed });
require('plan.parse', speed.mbPerSecond >= 30 && speed.ratio >= 20);

const large = planOf(5000);
const edits = {
  'plan.edit.mark': { do: 'mark', task: '60.7', state: 'done', commit: 'abc1234' },
  'plan.edit.note': { do: 'mark', task: '60.7', state: 'done', commit: 'abc1234', note: 'Written' },
  'plan.edit.addTask': { do: 'addTask', phase: '60', task: { text: 'One more', files: ['src/more.ts'] } },
  'plan.edit.addPhase': { do: 'addPhase', title: 'One more' },
  'plan.edit.setCheckpoint': { do: 'setCheckpoint', phase: '60', sha: 'abc1234' },
  'plan.edit.discover': { do: 'discover', description: 'More', reason: 'Seen', recommendation: 'Later' },
  'plan.edit.appendReport': { do: 'appendReport', markdown: '## Technical Review\n\nGood.' },
  'plan.edit.replaceDag': { do: 'replaceDag', yaml: 'dag:\n  nodes:\n    - id: "1.1"\n' },
};
for (const [name, edit] of Object.entries(edits)) {
  const ms = warmed(() => busy(() => editPlan(large, [edit])));
  // A new dag may give other tasks their ids, so the whole plan is read before and after; the other edits read a part.
  const isWhole = edit.do === 'replaceDag';
  report(name, { tasks: 5000, ms, ...(isWhole ? {} : { msCeiling: 5 }) });
  require(name, isWhole || ms < 5);
}

// As many tasks in both, and as many held: a hundred small plans, which are kept as one large plan is. Else the factor would tell how much
// dearer it is to hold a result than to drop it, not whether reading is linear.
const perTask = (tasks, times) => {
  const plan = planOf(tasks);
  return (
    warmed(() =>
      busy(() => {
        const held = [];
        for (let count = 0; count < times; count += 1) held.push(parsePlan(plan));
        return held;
      }),
    ) /
    tasks /
    times
  );
};
const slope = { microsecondsAt1k: perTask(1000, 100) * 1000, microsecondsAt100k: perTask(100_000, 1) * 1000 };
const factor = slope.microsecondsAt100k / slope.microsecondsAt1k;
report('plan.slope', { ...slope, factor, factorCeiling: 1.2 });
require('plan.slope', factor <= 1.2);

for (const [name, make] of Object.entries(hostilePlans)) {
  const [small, big] = [250_000, 1_000_000].map((size) => {
    const plan = make(size);
    return warmed(() => busy(() => parsePlan(plan)));
  });
  // Four times the text: sixteen times the time would be quadratic.
  report(`plan.hostile: ${name}`, { smallMs: small, bigMs: big, factor: big / small, factorCeiling: 8 });
  require(`plan.hostile: ${name}`, big / small <= 8 || big < 20);
}
