import { createTestEngine } from './create-test-engine.js';
import type { TestEngine, TestEngineOptions } from './create-test-engine.js';
import { aborted, dataOf, deadKeeper, facts, steeredWorkers } from './scenario.js';

export const planText = `# Greet — Execution Plan

Words of the planner.

## Phase 1: Write

- [x] Task 1.1: Write a <!-- commit: abc1234 -->
  - **Files**: a.txt
- [ ] Task 1.2: Write b
  - **Files**: b.txt

## Phase 2: Check

- [ ] Task 2.1: Write c
  - **Files**: c.txt
`;

const leaseMs = 6000;

/** A track somewhere on its way, with the means to look at its files and to make the engine look at them. */
export interface Scene {
  readonly id: string;
  readonly folder: string;
  /** The engine that looks at the files next. */
  readonly test: TestEngine;
  /** Makes the engine look, and waits until it has. */
  look(): Promise<void>;
  /** Ends what is open. */
  end(): Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** A critic that holds the plan's evaluation open: a run goes on, and nobody is at work in the files. */
function heldCritic() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = { critic: false };
  const critic = async (_assignment: unknown, { signal }: { readonly signal: AbortSignal }) => {
    reached.critic = true;
    await Promise.race([opened, aborted(signal)]);
    return 'Fine';
  };
  return { critic, reached, letGo: () => open() };
}

async function begun(options: TestEngineOptions) {
  const test = await createTestEngine(options);
  const { id } = await test.api.tracks.create({ name: 'Greet', goal: 'Greet', plan: planText });
  await test.clock.settle();
  return { test, id, folder: `conductor/tracks/${id}` };
}

/** Nobody runs the track; the next run begins with a look at the files. */
export async function idle(): Promise<Scene> {
  const { test, id, folder } = await begun({ agents: steeredWorkers().agents });
  return {
    test,
    id,
    folder,
    async look() {
      await test.api.tracks.run(id, { until: 'PLAN' }).catch(() => {});
      await test.clock.runUntil(test.api.tracks.waitFor(id));
      await test.clock.settle();
    },
    end: () => test.close(),
  };
}

/** A worker is at task 1.2. */
export async function atWork(): Promise<Scene> {
  const workers = steeredWorkers();
  workers.hold('1.2');
  const { test, id, folder } = await begun({ agents: workers.agents });
  await test.api.tracks.run(id);
  await test.api.tracks.waitFor(id, (track) => track.progress.running > 0);
  await test.clock.settle();
  return { test, id, folder, look: () => touched(test, id), end: () => test.close() };
}

/** A run evaluates the plan; nobody is at work. */
export async function atGate(): Promise<Scene> {
  const { critic, reached, letGo } = heldCritic();
  const { test, id, folder } = await begun({ agents: { ...steeredWorkers().agents, critic } });
  await test.api.tracks.run(id);
  while (!reached.critic) await test.clock.settle();
  const end = async () => {
    letGo();
    await test.close();
  };
  return { test, id, folder, look: () => touched(test, id), end };
}

/** The engine died, and its lease is over; the next one looks when it takes the track. */
async function crashed(open: 'worker' | 'critic'): Promise<Scene> {
  const old = steeredWorkers();
  old.hold('1.2', '2.1');
  const { critic, reached } = heldCritic();
  const agents = open === 'critic' ? { ...old.agents, critic } : old.agents;
  const base = await createTestEngine();
  const { test, id, folder } = await begun({ agents, ports: { ...base.ports, leaseKeeper: deadKeeper } });
  await test.api.tracks.run(id);
  while (open === 'critic' && !reached.critic) await test.clock.settle();
  if (open === 'worker') await test.api.tracks.waitFor(id, (track) => track.progress.running > 0);
  await test.clock.settle();
  await test.clock.advance(leaseMs + 1);
  const next = steeredWorkers();
  next.hold('1.2', '2.1');
  const held = heldCritic();
  const second = await createTestEngine({
    agents: open === 'critic' ? { ...next.agents, critic: held.critic } : next.agents,
    ports: base.ports,
  });
  return {
    test: second,
    id,
    folder,
    async look() {
      await second.api.tracks.run(id).catch(() => {});
      await second.clock.settle();
    },
    end: () => second.close(),
  };
}

export const crashedAtWork = (): Promise<Scene> => crashed('worker');
export const crashedAtGate = (): Promise<Scene> => crashed('critic');

/** The track is complete. */
export async function completed(): Promise<Scene> {
  const { test, id, folder } = await begun({ agents: steeredWorkers().agents });
  await test.api.tracks.run(id);
  await test.clock.runUntil(test.api.tracks.waitFor(id, 'completed'));
  await test.clock.runUntil(test.api.tracks.waitFor(id));
  await test.clock.settle();
  return {
    test,
    id,
    folder,
    async look() {
      await test.api.tracks.move(id, { to: 'archived' });
      await test.clock.settle();
    },
    end: () => test.close(),
  };
}

async function touched(test: TestEngine, id: string): Promise<void> {
  await test.api.tracks.update(id, { labels: ['looked'] });
  await test.clock.settle();
}

/** What an edit of a file led to. */
export interface Outcome {
  /** Types of the facts that came of it, in order; the labels and the run's own facts left out. */
  readonly facts: readonly string[];
  readonly disposition: unknown;
  /** `CODE:line` of each finding; no line, no colon. */
  readonly findings: readonly string[];
  /** The file afterwards. */
  readonly text: string | undefined;
  /** What is on record as the bytes of the edit. */
  readonly recorded: Uint8Array | undefined;
}

const ofEdits = [
  'edit.noted',
  'task.marked',
  'plan.edited',
  'plan.submitted',
  'track.specified',
  'track.configured',
  'track.paused',
];

/** Changes a file as an editor does, makes the engine look, and tells what came of it. `undefined` deletes. */
export async function edited(
  { test, id, look }: Scene,
  path: string,
  change: (text: string) => string | Uint8Array | undefined,
): Promise<Outcome> {
  const before = (await facts(test, id)).length;
  const next = change((await test.read(path)) ?? '');
  if (next === undefined) await test.workspace.remove(path);
  else await test.workspace.replace(path, typeof next === 'string' ? bytes(next) : next);
  await look();
  const since = (await facts(test, id))
    .slice(before)
    .filter(({ type, data }) => ofEdits.includes(type) && !Object.hasOwn(data as object, 'labels'));
  const noted = since.filter(({ type }) => type === 'edit.noted').map(dataOf);
  return {
    facts: since.map(({ type }) => type),
    disposition: noted[0]?.['disposition'],
    findings: noted
      .flatMap((data) => data['findings'] as Finding[])
      .map(({ code, line }) => (line ? `${code}:${line}` : code)),
    text: await test.read(path),
    recorded: await recordedBytes(test, noted[0]?.['hash']),
  };
}

interface Finding {
  readonly code: string;
  readonly line?: number;
}

async function recordedBytes(test: TestEngine, hash: unknown): Promise<Uint8Array | undefined> {
  if (typeof hash !== 'string') return undefined;
  const chunks: number[] = [];
  for await (const chunk of test.artifacts.get(`sha256:${hash}`)) chunks.push(...chunk);
  return new Uint8Array(chunks);
}
