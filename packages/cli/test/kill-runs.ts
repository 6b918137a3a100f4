import { cpSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventEnvelope } from '@conductor/core/ports';
import { expect } from 'vitest';
import { conductorBin, endAllIn, git, mainScript, readLog, sideEffects, startNode } from './quickstart.js';
import { expectWhole, facts, trackOf } from './whole-run.js';

/** When a process is killed: by what it has told, not by a clock, so that the points lie the same on every machine. */
export interface Kill {
  readonly lines: number;
  readonly delayMs: number;
}

export interface KillCase {
  readonly seed: number;
  readonly kills: readonly Kill[];
  /** As when the machine dies: nothing that works in the project survives the engine, no worker, no test, no git. */
  readonly all: boolean;
}

/** Lines that an undisturbed run prints at least; it is 165 or so. */
const linesOfRun = 155;
const maxDelayMs = 120;
const secondKillEvery = 4;
const allEvery = 5;

/**
 * Cases whose first kills are spread evenly over the run; every fourth is killed again while it goes on, and with every fifth
 * everything dies that works in the project.
 */
export function killCases(count: number, firstSeed: number): readonly KillCase[] {
  return Array.from({ length: count }, (_, index) => {
    const seed = firstSeed + index;
    const random = randomOf(seed);
    const delayMs = () => Math.round(maxDelayMs * random() ** 2);
    const first = { lines: 1 + Math.floor(((index + random()) / count) * linesOfRun), delayMs: delayMs() };
    const second = { lines: 1 + Math.floor(random() * 40), delayMs: delayMs() };
    const kills = index % secondKillEvery === secondKillEvery - 1 ? [first, second] : [first];
    return { seed, kills, all: index % allEvery === allEvery - 1 };
  });
}

export interface KilledRun extends KillCase {
  /** The last event in the log at each kill that came before the end. */
  readonly at: readonly string[];
  readonly interrupted: number;
}

interface Places {
  readonly root: string;
  readonly temporary: string;
}

/** Starts the quickstart, kills it, goes on with `conductor run` until it is over, and checks that all is whole. */
export async function killedRun({ seed, kills, all }: KillCase, { root, temporary }: Places): Promise<KilledRun> {
  const folder = join(root, `project-${seed}`);
  makeProject(folder);
  const done = new Map<string, number>();
  const at: string[] = [];
  let command = [mainScript, folder];
  for (const kill of [...kills, undefined]) {
    const running = startNode(command, { cwd: root, temporary });
    if (kill) running.killAfter(kill.lines, kill.delayMs, all ? () => endAllIn(folder) : undefined);
    const { code, signal, stdout, stderr, late } = await running.ended;
    const log = await readLog(folder);
    if (signal !== 'SIGKILL' || late) {
      expect([code, late], [...at, ...stdout.slice(-5), stderr].join('\n')).toEqual([0, false]);
      break;
    }
    at.push(`${log.length} ${log.at(-1)?.type ?? ''}`);
    noteDone(done, log, sideEffects(folder));
    command = resumeCommand(folder, log);
  }
  const whole = await expectWhole(folder);
  for (const [task, starts] of done)
    expect(startsOf(task, sideEffects(folder)), `starts of task ${task}, which was done at the kill`).toBe(starts);
  return { seed, kills, all, at, interrupted: facts(whole.log, 'task.interrupted').length };
}

/** Killed behind its last event, a run needs no other: any command then finds what the killed one left to write. */
function resumeCommand(folder: string, log: readonly EventEnvelope[]): string[] {
  const over = log.some(
    ({ type, data }) => type === 'loop.stopped' && (data as { reason: string }).reason === 'completed',
  );
  return [conductorBin, over ? 'status' : 'run', trackOf(log), '-C', folder, '--json'];
}

/** How often each task that is done had been started at the time of its kill. */
function noteDone(done: Map<string, number>, log: readonly EventEnvelope[], traces: readonly string[]): void {
  for (const { data } of facts<{ taskId: string }>(log, 'task.completed'))
    if (!done.has(data.taskId)) done.set(data.taskId, startsOf(data.taskId, traces));
}

function startsOf(task: string, traces: readonly string[]): number {
  return traces.filter((line) => line.startsWith(`task=${task} `)).length;
}

const template = fileURLToPath(new URL('../templates/quickstart', import.meta.url));

function makeProject(folder: string): void {
  cpSync(template, folder, { recursive: true });
  renameSync(join(folder, 'gitignore'), join(folder, '.gitignore'));
  git(folder, 'init', '--quiet', '--initial-branch=main');
  git(folder, 'add', '--all');
  git(folder, '-c', 'user.name=Test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message=Start');
}

/** Mulberry32 (Ettinger 2017): small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
