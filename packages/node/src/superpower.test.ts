import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMetadata, parseSuperpowerErrors } from '@conductor/core/files';
import { defineEvaluator } from '@conductor/core/plugin';
import { silentLogger } from '@conductor/core/ports';
import type { Logger } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProject } from './open-project.js';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'conductor-family-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const read = (path: string) => readFile(join(dir, path), 'utf8');

/**
 * A program with the published command line, as a shell script: it keeps how it was called, plans `hello.txt`, writes it, and
 * ends with the exit code that stands in the file `exit-<agent>`.
 */
const program = String.raw`#!/bin/sh
agent=$1; shift
echo "$agent $*" >>calls
for argument in "$@"; do
  case $argument in
    --output-dir=*) output=${'$'}{argument#*=} ;;
    --resume-from=*) task=${'$'}{argument#*=} ;;
  esac
done
name=${'$'}{agent#*:}
if [ -f "exit-$name" ]; then echo "ERROR: $name was told so"; exit "$(cat "exit-$name")"; fi
case $name in
  writing-plans | loop-planner)
    printf '# Plan\n\n## Phase 1: Work\n\n- [ ] Task 1.1: Write hello.txt\n    - **Acceptance**: it greets\n    - **Files**: %shello.txt%s\n' '${'`'}' '${'`'}' >"${'$'}{output}plan.md"
    echo '{"verdict":"PASS","summary":"planned","files_changed":1}' ;;
  executing-plans | loop-executor)
    echo "Hello from $task" >hello.txt
    echo 'TASKS COMPLETED: 1/1' ;;
  systematic-debugging | loop-fixer)
    echo "Hello, mended" >hello.txt
    echo 'FIXES APPLIED: 1' ;;
esac
`;

/** Finds fault once: there is something to fix. */
function faultyOnce() {
  let looked = 0;
  return defineEvaluator({
    id: 'acme/once',
    evaluate: () => {
      looked += 1;
      return looked === 1
        ? { verdict: 'FAIL', findings: [{ severity: 'error', message: 'No name is greeted', path: 'hello.txt' }] }
        : { verdict: 'PASS', findings: [], passes: [{ id: 'a', title: 'A', verdict: 'PASS' }] };
    },
  });
}

async function open(
  superpower: boolean,
  exits: Readonly<Record<string, number>> = {},
  plugins: NonNullable<Parameters<typeof openProject>[1]>['plugins'] = [],
) {
  await writeFile(join(dir, 'program.sh'), program, { mode: 0o755 });
  for (const [agent, code] of Object.entries(exits)) await writeFile(join(dir, `exit-${agent}`), `${code}\n`);
  const agents = { default: { command: ['./program.sh', '{agent}'], protocol: 'superpower' } } as const;
  const project = await openProject(dir, { create: true, agents, plugins, git: 'off' });
  const { tracks, approvals, events } = project.api;
  const { id } = await tracks.create({ goal: 'A greeting in hello.txt', superpower });
  await tracks.run(id);
  const track = await tracks.waitFor(id);
  const { items } = await approvals.list();
  const seen: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[] = [];
  for await (const { type, data } of events.follow({ trackId: id, after: 0, until: 'stopped' }))
    seen.push({ type, data: data as Readonly<Record<string, unknown>> }); // our own events carry objects
  await project.close();
  const { metadata } = parseMetadata(await read(`conductor/tracks/${id}/metadata.json`));
  const calls = (await read('calls')).trim().split('\n');
  const of = (type: string) => seen.filter((event) => event.type === type).map(({ data }) => data);
  return {
    id,
    track,
    questions: items.map(({ kind }) => kind),
    checkpoints: metadata?.loopState?.checkpoints,
    calls,
    of,
  };
}

describe('a program with the published command line', () => {
  it.each([
    [true, 'superpowers:writing-plans', 'superpowers:executing-plans', 'superpowers:systematic-debugging'],
    [false, 'loop-planner', 'loop-executor', 'loop-fixer'],
  ])('does a whole track, with the flag %s as %s, %s and %s', async (superpower, planner, executor, fixer) => {
    const { id, track, calls, checkpoints } = await open(superpower, {}, [faultyOnce()]);
    expect(track.lifecycle).toBe('completed');
    const folder = `conductor/tracks/${id}`;
    const documents = 'conductor/tech-stack.md,conductor/workflow.md,conductor/product.md';
    expect(calls).toEqual([
      `${planner} --spec=${folder}/spec.md --output-dir=${folder}/ --track-id=${id} --metadata=${folder}/metadata.json --context-files=${documents} --format=markdown --include-dag=true`,
      `${executor} --plan=${folder}/plan.md --track-dir=${folder}/ --metadata=${folder}/metadata.json --track-id=${id} --mode=sequential --resume-from=1.1`,
      `${fixer} --failures=${folder}/evaluation-report.md --track-dir=${folder}/ --metadata=${folder}/metadata.json --track-id=${id} --max-attempts=3`,
    ]);
    expect(await read('hello.txt')).toBe('Hello, mended\n');
    expect(await read(`${folder}/plan.md`)).toContain('- [x] Task 1.1: Write hello.txt');
    expect([checkpoints?.PLAN?.agent, checkpoints?.EXECUTE?.agent, checkpoints?.FIX?.agent]).toEqual([
      planner,
      executor,
      fixer,
    ]);
  });

  it('leads by its exit code: on, to a failed or blocked checkpoint, or to a person [LOOP-16]', async () => {
    const ended = async (agent: string, code: number) => {
      await rm(dir, { recursive: true, force: true });
      dir = await mkdtemp(join(tmpdir(), 'conductor-family-'));
      const run = await open(true, { [agent]: code });
      const log = parseSuperpowerErrors(await read(`conductor/tracks/${run.id}/superpower-errors.log`));
      expect(new Set(log.map(({ exitCode }) => exitCode))).toEqual(new Set([code]));
      expect(log).toHaveLength(run.calls.filter((call) => call.includes(agent)).length);
      return { ...run, asked: run.calls.filter((call) => call.includes(agent)).length };
    };
    // 1: the step of an agent has failed, without a second try; a task has its attempts.
    const failedPlan = await ended('writing-plans', 1);
    expect(failedPlan).toMatchObject({ asked: 1, questions: ['PLAN_FAILED'] });
    expect(failedPlan.of('step.failed')).toMatchObject([
      { step: 'PLAN', rule: 'T7', next: { step: 'PLAN', status: 'FAILED' } },
    ]);
    const failedTask = await ended('executing-plans', 1);
    expect(failedTask).toMatchObject({ asked: 3, questions: ['TASK_LIMIT'] });
    expect(failedTask.of('step.failed')).toMatchObject([
      { step: 'EXECUTE', next: { step: 'EXECUTE', status: 'FAILED' } },
    ]);
    // 2 and 3: the call was wrong. A person is asked, and no attempt is lost.
    for (const code of [2, 3]) {
      for (const agent of ['writing-plans', 'executing-plans']) {
        const wrong = await ended(agent, code);
        expect(wrong).toMatchObject({
          asked: 1,
          questions: ['INPUT_MISSING'],
          track: { stepStatus: 'BLOCKED', lastStop: 'awaiting' },
        });
        expect(wrong.of('task.failed')).toEqual([]);
        expect(wrong.of('decision.requested')[0]?.['summary']).toContain(`exit code ${code}`);
      }
    }
    // 4: blocked by a dependency.
    const blockedPlan = await ended('writing-plans', 4);
    expect(blockedPlan).toMatchObject({
      asked: 1,
      track: { step: 'PLAN', stepStatus: 'BLOCKED', lastStop: 'awaiting' },
    });
    expect(blockedPlan.checkpoints?.PLAN?.status).toBe('BLOCKED');
    const blockedTask = await ended('executing-plans', 4);
    expect(blockedTask).toMatchObject({ asked: 1, track: { step: 'EXECUTE', stepStatus: 'BLOCKED' } });
    expect(blockedTask.checkpoints?.EXECUTE?.status).toBe('BLOCKED');
    expect(blockedTask.of('task.blocked')).toMatchObject([{ taskId: '1.1' }]);
    // 0: on.
    await rm(dir, { recursive: true, force: true });
    dir = await mkdtemp(join(tmpdir(), 'conductor-family-'));
    const passed = await open(true);
    expect(passed).toMatchObject({ questions: [], track: { lifecycle: 'completed' } });
    await expect(read(`conductor/tracks/${passed.id}/superpower-errors.log`)).rejects.toThrow('ENOENT');
  }, 60_000);
});

/** As the published agents work: they keep marks and checkpoints themselves, and commit their own work. */
const selfKeeping = String.raw`#!/bin/sh
agent=$1; shift
for argument in "$@"; do
  case $argument in
    --output-dir=*) output=${'$'}{argument#*=} ;;
    --plan=*) plan=${'$'}{argument#*=} ;;
    --metadata=*) metadata=${'$'}{argument#*=} ;;
    --resume-from=*) task=${'$'}{argument#*=} ;;
  esac
done
passed() { sed -i 's/"status": "IN_PROGRESS"/"status": "PASSED"/' "$metadata"; }
case $agent in
  *:writing-plans)
    {
      printf '# Plan\n\n## Phase 1: Work\n\n'
      for name in a b; do printf -- '- [ ] Task 1.%s: Write %s.txt\n    - **Acceptance**: it is there\n    - **Files**: %s%s.txt%s\n' "$(printf %s "$name" | tr ab 12)" "$name" '${'`'}' "$name" '${'`'}'; done
    } >"${'$'}{output}plan.md"
    passed
    echo 'VERDICT: PASS' ;;
  *:executing-plans)
    name=$(printf %s "$task" | sed 's/1\.1/a/; s/1\.2/b/')
    echo "$task" >"$name.txt"
    git add "$name.txt" && git -c user.name=x -c user.email=x@example.org commit -q -m "feat: $task" -- "$name.txt"
    sed -i "s/\[[ ~]\] Task $task:/[x] Task $task:/" "$plan"
    [ "$task" = 1.2 ] && passed
    echo '{"verdict":"PASS","summary":"did '"$task"'"}' ;;
esac
`;

describe('a program that keeps marks, checkpoints and commits itself', () => {
  it('does a whole track as well: its claims are looked at, its checkpoints raise no warning, nothing is done twice', async () => {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: dir, encoding: 'utf8', timeout: 20_000 });
    git('init', '-q');
    await writeFile(join(dir, 'program.sh'), selfKeeping, { mode: 0o755 });
    await writeFile(join(dir, '.gitignore'), 'program.sh\n');
    git('add', '.gitignore');
    git('-c', 'user.name=p', '-c', 'user.email=p@example.org', 'commit', '-q', '-m', 'first');
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message), with: () => logger };
    const agents = { default: { command: ['./program.sh', '{agent}'], protocol: 'superpower' } } as const;
    const project = await openProject(dir, { create: true, agents, logger });
    const { tracks, plans } = project.api;
    const { id } = await tracks.create({ goal: 'Files a.txt and b.txt' });
    await tracks.run(id);
    const track = await tracks.waitFor(id);
    const { plan } = await plans.get(id);
    await project.close();
    expect(track).toMatchObject({ lifecycle: 'completed', progress: { done: 2 } });
    expect(plan.phases[0]?.tasks.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(warnings.filter((message) => message.includes('checkpoint'))).toEqual([]);
    expect(git('log', '--format=%s', '--', 'a.txt', 'b.txt').trim().split('\n')).toEqual(['feat: 1.2', 'feat: 1.1']);
  });
});

describe('the configuration of such an agent', () => {
  it.each([
    [{ command: ['x'], protocol: 'telepathy' }, 'protocol "telepathy"'],
    [{ command: ['x'], protocol: 'superpower', plain: true }, 'plain'],
  ])('is refused when it is %j', async (agent, words) => {
    const agents = { default: agent } as unknown as NonNullable<Parameters<typeof openProject>[1]>['agents'];
    await expect(openProject(dir, { create: true, agents })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(words) as string,
    });
  });
});
