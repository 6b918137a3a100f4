import { existsSync } from 'node:fs';
import { lstat, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { Finding } from '@conductor/core';
import { checkPlan, editPlan, parsePlan, planJson, planModel } from '@conductor/core/plan';
import type { PlanEdit, PlanJson, PlanTaskJson } from '@conductor/core/plan';
import { findRoot } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { findTrack } from '../find-track.js';
import { textOption } from '../flags.js';
import { usage } from '../output.js';
import { plain } from '../plain-text.js';
import { withProject } from '../with-project.js';

const maxBytes = 10 * 1024 * 1024;
const markers: Readonly<Record<PlanTaskJson['state'], string>> = {
  pending: ' ',
  inProgress: '~',
  done: 'x',
  blocked: '!',
  skipped: '-',
  unknown: '?',
};

/** The text behind `<file|track>`. A file is read as it is and no configuration is executed; a track's plan comes from its store. */
async function planSource(context: CommandContext, wanted: string): Promise<string> {
  const path = resolve(context.cwd, wanted);
  if (existsSync(path)) return readPlan(path);
  if (/[/\\]|\.md$/u.test(wanted))
    throw new ConductorError('FILE_NOT_FOUND', `There is no file ${wanted}`, { details: { path: wanted } });
  return withProject(context, async (project) => {
    return (await project.api.plans.get((await findTrack(project, wanted)).id)).text;
  });
}

async function readPlan(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > maxBytes)
    throw new ConductorError('TOO_LARGE', `${path} has ${size} bytes, more than ${maxBytes}`, {
      details: { maxBytes },
    });
  return readFile(path, 'utf8');
}

function findingLines(findings: readonly Finding[]): string[] {
  return findings.map(
    ({ severity, code, line, message, hint }) =>
      `${severity} ${code ?? ''}${line === undefined ? '' : ` line ${line}`}: ${plain(message)}${hint === undefined ? '' : `\n  hint: ${plain(hint)}`}`,
  );
}

export const planShowCommand: CommandSpec = {
  name: 'plan show',
  description: 'a plan as it is understood',
  arguments: [{ usage: '<file|track>', description: 'plan.md, or a track' }],
  async run(context, [wanted = '']) {
    const { plan, findings } = parsePlan(await planSource(context, wanted));
    const json = planJson(plan);
    context.out.result({ ...json, findings }, [...planLines(json), ...findingLines(findings)].join('\n'));
    return 0;
  },
};

function planLines({ title, phases }: PlanJson): string[] {
  const lines = (tasks: readonly PlanTaskJson[], indent: string): string[] =>
    tasks.flatMap((task) => [
      `${indent}[${markers[task.state]}] ${task.id}  ${plain(task.text)}${task.commit === undefined ? '' : `  (${task.commit})`}`,
      ...lines(task.children, `${indent}  `),
    ]);
  return [plain(title), ...phases.flatMap((phase) => ['', plain(phase.title), ...lines(phase.tasks, '  ')])];
}

export const planCheckCommand: CommandSpec = {
  name: 'plan check',
  description: 'what is wrong with a plan; exits 1 when something is',
  arguments: [{ usage: '<file|track>', description: 'plan.md, or a track' }],
  options: [['--strict', 'warnings count as well']],
  async run(context, [wanted = ''], options) {
    const parsed = parsePlan(await planSource(context, wanted));
    const checked = checkPlan({ plan: parsed.plan, model: planModel(parsed.plan) });
    const findings = [...parsed.findings, ...checked.findings];
    const counting: readonly string[] = options['strict'] === true ? ['error', 'warning'] : ['error'];
    const ok = !findings.some(({ severity }) => counting.includes(severity));
    context.out.result(
      { ok, findings },
      [...findingLines(findings), ok ? 'The plan is sound.' : 'The plan does not pass.'].join('\n'),
    );
    return ok ? 0 : 1;
  },
};

const states = ['pending', 'inProgress', 'done', 'blocked', 'skipped'] as const;

export const planMarkCommand: CommandSpec = {
  name: 'plan mark',
  description: "set a task's mark: the smallest edit of the file",
  arguments: [
    { usage: '<file>', description: 'plan.md' },
    { usage: '<task>', description: 'its id, or line:N' },
    { usage: '<state>', description: states.join(', ') },
  ],
  options: [
    ['--commit <sha>', 'the commit that did it'],
    ['--note <text>', 'a line of summary'],
  ],
  async run(context, [file = '', wanted = '', to = ''], options) {
    const state = states.find((name) => name === to);
    if (!state)
      throw usage(`${JSON.stringify(to)} is no state of a task`, `conductor plan mark ${file} ${wanted} done`);
    const path = resolve(context.cwd, file);
    const text = await readPlan(path).catch((cause: unknown) => {
      if (ConductorError.is(cause)) throw cause;
      throw new ConductorError('FILE_NOT_FOUND', `There is no file ${file}`, { cause, details: { path: file } });
    });
    const before = taskAt(planJson(parsePlan(text).plan), wanted);
    const edit: PlanEdit = {
      do: 'mark',
      task: before.id,
      state,
      commit: textOption(options, 'commit'),
      note: textOption(options, 'note'),
    };
    const trackId = await ownTrack(context, path);
    if (trackId === undefined) await replaceFile(path, text, editPlan(text, [edit]).text);
    else await markInStore(context, trackId, edit);
    const after = taskAt(planJson(parsePlan(await readPlan(path)).plan), before.id);
    context.out.result(
      { file, line: after.line, before: before.state, after: after.state },
      `${before.id}: ${before.state} → ${after.state} (${file}:${after.line})`,
    );
    return 0;
  },
};

function taskAt(plan: PlanJson, wanted: string): PlanTaskJson {
  const line = /^line:(\d+)$/u.exec(wanted)?.[1];
  const search = (tasks: readonly PlanTaskJson[]): PlanTaskJson | undefined => {
    for (const task of tasks) {
      const found = (line === undefined ? task.id === wanted : task.line === Number(line))
        ? task
        : search(task.children);
      if (found) return found;
    }
    return undefined;
  };
  const found = search(plan.phases.flatMap(({ tasks }) => tasks));
  if (found) return found;
  throw new ConductorError('TASK_NOT_FOUND', `The plan has no task ${wanted}`, {
    hint: 'conductor plan show <file>',
    details: { task: wanted },
  });
}

/** A track's own plan.md goes through its store, as a person's command. */
async function ownTrack({ environment }: CommandContext, path: string): Promise<string | undefined> {
  const parts = path.split(sep);
  if (basename(path) !== 'plan.md' || parts.at(-3) !== 'tracks') return undefined;
  const root = findRoot(dirname(path), environment);
  return root !== undefined && existsSync(join(root, '.conductor', 'conductor.db')) ? parts.at(-2) : undefined;
}

async function markInStore({ open, out }: CommandContext, trackId: string, edit: PlanEdit): Promise<void> {
  return withProject({ open, out }, async (project) => {
    await project.api.plans.edit(trackId, [edit]);
  });
}

/** Beside the file and renamed over it, unless somebody wrote it meanwhile; a link is left alone. */
async function replaceFile(path: string, read: string, text: string): Promise<void> {
  if ((await lstat(path)).isSymbolicLink())
    throw new ConductorError('PATH_UNSAFE', `${path} is a link`, { details: { path } });
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  await writeFile(temporary, text, { flag: 'wx' });
  if ((await readFile(path, 'utf8')) !== read)
    throw new ConductorError('FILE_CHANGED', `${path} was changed meanwhile`, { details: { path } });
  await rename(temporary, path);
}
