import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { Assignment, Executor, ExecutorCapabilities, Outcome, RunContext } from '@conductor/core/ports';
import { failedOutcome, failedWith, outcomeOf, parseAnswer } from '../answer.js';
import { oneLine } from '../plain-text.js';
import { promptOf } from '../prompt/prompt-of.js';
import { commandEnvironment } from './environment.js';
import { lineSplitter, outputLog, tailOf } from './output.js';
import { progressOf, progressReporter } from './reporter.js';
import { runGroup } from './run-group.js';
import type { GroupEnd } from './run-group.js';

/** Bytes, characters of a line, and milliseconds. */
export interface CommandLimits {
  /** Kept as transcript; of more, the beginning and the end. */
  readonly outputBytes: number;
  readonly outputLineBytes: number;
  /** End of the output in the message of a failure. */
  readonly tailBytes: number;
  readonly killGraceMs: number;
}

export interface CommandExecutorOptions {
  readonly id: string;
  /** Program and arguments, no shell. `{assignment}` and `{prompt}` in an argument become the paths of those files. */
  readonly command: readonly string[];
  /** Set for the command, beside what is passed. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Names of variables of this process that the command may see too, such as the key of its model. */
  readonly passEnv?: readonly string[] | undefined;
  /** Root of the project for CONDUCTOR_ROOT, where the folder of an assignment is another one (a work tree). */
  readonly root?: string | undefined;
  /** Also writes the assignment as a prompt in Markdown: CONDUCTOR_PROMPT. */
  readonly prompt?: boolean | undefined;
  /** Exit 0 is done, the last line its summary: for programs that know nothing of Conductor. */
  readonly plain?: boolean | undefined;
  /** Folder for the private files of a run; default: the system's. */
  readonly temporary?: string | undefined;
  readonly limits?: Partial<CommandLimits> | undefined;
  readonly capabilities?: Partial<ExecutorCapabilities> | undefined;
}

const defaultLimits: CommandLimits = {
  outputBytes: 64 * 1024 * 1024,
  outputLineBytes: 1024 * 1024,
  tailBytes: 64 * 1024,
  killGraceMs: 5000,
};

const defaultCapabilities: ExecutorCapabilities = {
  resume: false,
  structured: true,
  usage: false,
  cancel: true,
  edits: true,
  process: true,
};

/**
 * Any program as an executor, in a process group of its own that begins only when its record is durable. It is told its
 * assignment by a private JSON file (CONDUCTOR_ASSIGNMENT); stdin is empty; lines on stdout are progress, and the last one
 * that is a JSON object with `status`, `summary`, `answer` or `verdict` is its answer. No answer is no success.
 */
export function commandExecutor(options: CommandExecutorOptions): Executor {
  if (options.command.length === 0)
    throw new ConductorError('CONFIG_INVALID', `The command of ${options.id} is empty`, { hint: 'Give a program.' });
  return executorOf(options, (assignment, context) => runOnce(assignment, context, options, plainProtocol(options)));
}

/** How a program is spoken to, and what its end means. */
export interface CommandProtocol {
  /** Program and arguments; `{assignment}` and `{prompt}` are filled in behind it. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Told every line of stdout that was not cut. */
  heard?(line: string): void;
  /** Of a run that ended by itself. */
  outcome(end: GroupEnd, said: Said, assignment: Assignment): Outcome | Promise<Outcome>;
}

/** What a program had said when it ended. */
export interface Said {
  readonly answer: ReturnType<typeof parseAnswer>;
  readonly lastLine: string;
  readonly tail: string;
}

/** An executor of the port around one way to run an assignment. */
export function executorOf(
  { id, capabilities }: Pick<CommandExecutorOptions, 'id' | 'capabilities'>,
  run: Executor['run'],
): Executor {
  const all = Object.freeze({ ...defaultCapabilities, ...capabilities });
  return Object.freeze<Executor>({
    driver: Object.freeze({ port: 'executor', name: id, version: '1', api: 1, capabilities: all }),
    run,
  });
}

/** Runs a program once for an assignment, with private files that are gone afterwards. Never throws: one outcome. */
export async function runOnce(
  assignment: Assignment,
  context: RunContext,
  options: CommandExecutorOptions,
  protocol: CommandProtocol,
): Promise<Outcome> {
  if (context.signal.aborted) return cancelled();
  const files = await privateFiles(assignment, options);
  try {
    return await runCommandLine(assignment, context, options, protocol, files);
  } catch (error) {
    return context.signal.aborted ? cancelled() : failedWith(error);
  } finally {
    await rm(files.folder, { recursive: true, force: true });
  }
}

interface PrivateFiles {
  readonly folder: string;
  readonly assignment: string;
  readonly prompt: string | undefined;
}

async function privateFiles(
  assignment: Assignment,
  { temporary = tmpdir(), prompt }: CommandExecutorOptions,
): Promise<PrivateFiles> {
  await mkdir(temporary, { recursive: true });
  // 0700, as mkdtemp makes it: an assignment holds the text of the project.
  const folder = await mkdtemp(join(temporary, 'conductor-run-'));
  const files = {
    folder,
    assignment: join(folder, 'assignment.json'),
    prompt: prompt === true ? join(folder, 'prompt.md') : undefined,
  };
  await writeFile(files.assignment, JSON.stringify(assignment, undefined, 2), { mode: 0o600 });
  if (files.prompt !== undefined) await writeFile(files.prompt, promptOf(assignment), { mode: 0o600 });
  return files;
}

async function runCommandLine(
  assignment: Assignment,
  context: RunContext,
  options: CommandExecutorOptions,
  protocol: CommandProtocol,
  files: PrivateFiles,
): Promise<Outcome> {
  const limits = { ...defaultLimits, ...options.limits };
  const heard = listen(context, limits, protocol);
  const end = await runGroup({
    command: protocol.command.map((part) => filled(part, files)),
    cwd: assignment.folder,
    env: commandEnvironment(
      { ...options.env, ...protocol.env, ...variables(assignment, options, files) },
      options.passEnv,
    ),
    clock: context.clock,
    signal: context.signal,
    deadlineMs: assignment.deadlineMs,
    idleMs: assignment.idleMs,
    graceMs: limits.killGraceMs,
    spawned: (record) => context.spawned(record),
    onOutput: heard.onOutput,
  });
  await heard.end();
  const outcome = endedByUs(end, assignment, options) ?? (await protocol.outcome(end, heard.said(), assignment));
  const transcript = heard.transcript();
  return transcript === '' ? outcome : { ...outcome, transcript: { text: transcript } };
}

function filled(part: string, files: PrivateFiles): string {
  return part.replaceAll('{assignment}', files.assignment).replaceAll('{prompt}', files.prompt ?? '{prompt}');
}

function variables(
  assignment: Assignment,
  { root }: CommandExecutorOptions,
  files: PrivateFiles,
): Record<string, string> {
  return {
    CONDUCTOR_ROOT: root ?? assignment.folder,
    CONDUCTOR_ASSIGNMENT: files.assignment,
    CONDUCTOR_IDEMPOTENCY_KEY: assignment.idempotencyKey,
    CONDUCTOR_TRACK: assignment.trackId,
    CONDUCTOR_ROLE: assignment.role,
    CONDUCTOR_ATTEMPT: String(assignment.attempt),
    ...('task' in assignment ? { CONDUCTOR_TASK: assignment.task.id } : {}),
    ...(files.prompt === undefined ? {} : { CONDUCTOR_PROMPT: files.prompt }),
  };
}

/** Everything a command says, as progress, as transcript, and as its answer. */
function listen(context: RunContext, limits: CommandLimits, protocol: CommandProtocol) {
  const log = outputLog(limits.outputBytes);
  const tail = tailOf(limits.tailBytes);
  const reporter = progressReporter(context);
  let answer: ReturnType<typeof parseAnswer>;
  let lastLine = '';
  const splitters = {
    stdout: lineSplitter(limits.outputLineBytes, (line, cut) => {
      if (line.trim() !== '') lastLine = line;
      // A line that was cut is half an answer.
      const found = cut ? undefined : parseAnswer(line);
      if (!cut) protocol.heard?.(line);
      if (found !== undefined) answer = found;
      else reporter.add(progressOf(cut ? `${line}… (cut)` : line));
    }),
    stderr: lineSplitter(limits.outputLineBytes, (line, cut) =>
      reporter.add({ output: cut ? `${line}… (cut)` : line }),
    ),
  };
  return {
    onOutput(stream: 'stdout' | 'stderr', chunk: Buffer) {
      log.add(chunk);
      tail.add(chunk);
      splitters[stream].add(chunk);
    },
    async end() {
      splitters.stdout.end();
      splitters.stderr.end();
      await reporter.flush();
    },
    said: (): Said => ({ answer, lastLine, tail: tail.text() }),
    transcript: () => log.text(),
  };
}

/** An end that says nothing about the work: it was called off, or went over a limit. */
function endedByUs(end: GroupEnd, { idleMs, deadlineMs }: Assignment, { id }: CommandExecutorOptions) {
  if (end.by === 'abort') return cancelled();
  if (end.by === 'idle') return failedOutcome('EXECUTOR_TIMEOUT', `${id} was silent for ${idleMs} ms`);
  if (end.by === 'deadline') return failedOutcome('EXECUTOR_TIMEOUT', `${id} was not done after ${deadlineMs} ms`);
  return undefined;
}

/** The protocol of any program: its last answer, and an exit code that is 0 or a failure. */
function plainProtocol({ id, command, plain }: CommandExecutorOptions): CommandProtocol {
  return {
    command,
    outcome(end, { answer, lastLine, tail }, { role }) {
      const stated = answer === undefined ? undefined : outcomeOf(answer, role);
      // What a program says of its failure is worth more than its exit code; what it says of its success is not.
      if (end.exitCode !== 0)
        return stated !== undefined && stated.status !== 'done' ? stated : failedExit(id, end, tail);
      if (stated !== undefined) return stated;
      if (plain === true) return { status: 'done', summary: oneLine(lastLine, 4096) || 'Done' };
      return failedOutcome('EXECUTOR_NO_OUTCOME', `${id} ended without an answer`, {
        hint: 'Print {"status":"done","summary":"…"} as the last line, or set `plain`.',
      });
    },
  };
}

function failedExit(id: string, { exitCode, signal }: GroupEnd, tail: string): Outcome {
  const how = exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `ended with exit code ${exitCode}`;
  const last = oneLine(tail.trimEnd().split('\n').slice(-3).join(' '), 500);
  return failedOutcome('EXECUTOR_ERROR', last === '' ? `${id} ${how}` : `${id} ${how}: ${last}`);
}

function cancelled(): Outcome {
  return { status: 'cancelled', summary: 'Cancelled' };
}
