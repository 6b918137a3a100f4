import { watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { CommandLine } from './command-line.js';

/** One task that changes a source of truth and says nothing of it, so that there is something to fix, and one that the board talks about. */
const plan = `# New price — Execution Plan

## Dependency Graph

\`\`\`yaml
dag:
  nodes:
    - { id: "1.1", name: "Set the price", type: docs, files: ["conductor/product.md"], depends_on: [], phase: 1 }
    - { id: "1.2", name: "Tell the readers", type: docs, files: ["a.txt"], depends_on: ["1.1"], phase: 1, estimated_duration: "10h" }
    - { id: "2.1", name: "Tell the team", type: docs, files: ["b.txt"], depends_on: ["1.2"], phase: 2 }
\`\`\`

## Phase 1: Price

- [ ] Task 1.1: Set the price
    - **Acceptance**: Pro costs $39
    - **Files**: conductor/product.md
- [ ] Task 1.2: Tell the readers
    - **Acceptance**: a.txt is there
    - **Files**: a.txt

## Phase 2: News

- [ ] Task 2.1: Tell the team
    - **Acceptance**: b.txt is there
    - **Files**: b.txt
`;

/** Scribe, planner and fixer. The scribe raises the price wherever it stands in the documents that it is handed. */
const agent = `import { readFileSync, writeFileSync } from 'node:fs';
const { role, step, input } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
const done = (summary, answer) => console.log(JSON.stringify({ status: 'done', summary, answer }));
if (step === 'BRAINSTORM') {
  const options = [{ name: 'One price', pros: 'simple' }, { name: 'Two prices', cons: 'twice the work' }];
  done('Thought', { options, recommendation: { option: 'One price', reasons: ['It is simple'] } });
} else if (role === 'planner') {
  done('Planned', { plan: ${JSON.stringify(plan)} });
} else if (role === 'fixer') {
  done('Flagged the price', { businessSyncRequired: true, businessSyncReason: 'The price of Pro is $39' });
} else {
  for (const { path, text } of input.documents) writeFileSync(path, text.replaceAll('$29', '$39'));
  done('Wrote the documents');
}
`;

/** A worker with the published command line: the first call fails, and each keeps the published locks as they are while it works. */
const superpower = `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
const { task, trackId } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
if (!existsSync('failed')) {
  writeFileSync('failed', '');
  console.log('ERROR: out of breath');
  process.exit(1);
}
const locks = 'conductor/tracks/' + trackId + '/.message-bus/locks.json';
let held = '';
for (const until = Date.now() + 10_000; !held.includes(task.files[0]) && Date.now() < until; )
  held = existsSync(locks) ? readFileSync(locks, 'utf8') : '';
writeFileSync('held-' + task.id + '.json', held);
for (const file of task.files) writeFileSync(file, file.endsWith('.md') ? '# Words\\n\\n- **Pro**: $39/month\\n' : 'a\\n');
console.log('TASKS COMPLETED: 1/1');
`;

/** Business documents that people write: tier 1, then tier 2. */
export const businessNames = [
  ['product.md', 'business-strategy.md', 'tech-stack.md'],
  ['product-roadmap.md', 'product-guidelines.md', 'prompts.md', 'screen-map.md'],
] as const;

/** What somebody else keeps in the folder of a track, where other tools have an index. */
export const theirIndex = '# Track New price\n\n- [Specification](./spec.md)\n';

export interface LaidOut {
  readonly id: string;
  /** Below `conductor/`, sorted. */
  readonly files: readonly string[];
  /** A file below `conductor/`; `track/…` stands for the folder of the track. */
  read(path: string): Promise<string>;
  /** Names that came and went in the folder of the track while it ran. */
  readonly seen: ReadonlySet<string>;
  /** Files of the board, by name, when its full meeting was over. */
  readonly meeting: ReadonlyMap<string, string>;
  /** `locks.json` as it was while a worker held a file, by task. */
  locksAt(task: string): Promise<string>;
}

/** A project that has seen everything: init, a brainstorm, a failed attempt, a board that talked, a fix and a changed price. */
export async function laidOut(line: CommandLine): Promise<LaidOut> {
  await line.write('agent.mjs', agent);
  await line.write('superpower.mjs', superpower);
  const one = { command: ['node', 'agent.mjs'] };
  const worker = { command: ['node', 'superpower.mjs'], protocol: 'superpower' };
  const agents = { scribe: one, planner: one, fixer: one, worker };
  const limits = { retryMinMs: 0, retryMaxMs: 0 };
  await line.write('conductor.config.json', JSON.stringify({ git: 'off', limits, agents }));
  await line.run('init');
  for (const name of businessNames.flat()) await line.write(`conductor/${name}`, '# Words\n\n- **Pro**: $29/month\n');
  const about = ['--type', 'architecture', '--priority', 'P0', '--brainstorm'];
  const made = await line.json('new', 'New price', '--goal', 'Pro costs $39', ...about);
  const { id } = made.last['track'] as { readonly id: string };
  const track = `conductor/tracks/${id}`;
  await line.write(`${track}/index.md`, theirIndex);

  const seen = new Set<string>();
  const watcher = watch(join(line.dir, track), (_event, name) => void (name !== null && seen.add(name)));
  await line.json('run', id, '--until', 'evaluate-plan');
  const board = join(line.dir, track, '.message-bus/board');
  const names = await readdir(board);
  const meeting = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(board, name), 'utf8')] as const)),
  );
  const ran = await line.json('run', id);
  watcher.close();
  if (ran.exitCode !== 0) throw new Error(`The run ended with ${ran.exitCode}: ${ran.stdout.slice(-2000)}`);

  const root = join(line.dir, 'conductor');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return {
    id,
    files: entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .toSorted(),
    read: (path) => readFile(join(root, path.replace(/^track\//u, `tracks/${id}/`)), 'utf8'),
    seen,
    meeting,
    locksAt: (task) => readFile(join(line.dir, `held-${task}.json`), 'utf8'),
  };
}
