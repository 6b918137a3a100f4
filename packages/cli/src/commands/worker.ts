import { resolve } from 'node:path';
import type { Logger } from '@conductor/core/ports';
import { findRoot, openWorker } from '@conductor/node';
import type { OpenWorkerOptions, WorkerEvent } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { exitOfError } from '../exits.js';
import { listOption, numberOption, textOption } from '../flags.js';
import type { Options } from '../flags.js';
import { stderrLogger } from '../logger.js';
import { usage } from '../output.js';
import { plain } from '../plain-text.js';

export const workerCommand: CommandSpec = {
  name: 'worker',
  description: 'do tasks for an engine on another machine, in this clone of the project',
  note: [
    'Runs until it is ended; what its agents have not done by then is given back.',
    'Store and bus may come from CONDUCTOR_STORE and CONDUCTOR_BUS, which keeps',
    'passwords out of the list of processes.',
  ].join('\n'),
  streaming: true,
  runner: true,
  options: [
    ['--store <url>', 'the store of the engine: postgres://…'],
    ['--bus <url>', 'wakes it sooner: nats://…'],
    ['--role <role...>', 'worker, fixer; default: both'],
    ['--max-workers <n>', 'tasks at one time; default 1'],
    ['--repo <remote>', 'what engine and workers push to: a remote, path or URL; default origin'],
  ],
  async run(context, _args, options) {
    const { flags, cwd, environment, out, signal } = context;
    const root = flags.directory === undefined ? (findRoot(cwd, environment) ?? cwd) : resolve(cwd, flags.directory);
    const worker = await openWorker(root, workerOptions(context, options));
    try {
      out.line('status', { root: worker.root, store: worker.store }, `Waiting for tasks in ${worker.store}`);
      const { tasks, failed } = await worker.run({ signal });
      out.end({ tasks, failed }, `${tasks} ${tasks === 1 ? 'task' : 'tasks'} reported, ${failed} not done`);
    } finally {
      await worker.close();
    }
    return exitOfError('INTERRUPTED'); // it ends in no other way
  },
};

function workerOptions({ flags, cwd, out, signal, onWarning }: CommandContext, options: Options): OpenWorkerOptions {
  const { config } = flags;
  return {
    config: config === 'none' ? false : config === undefined ? undefined : resolve(cwd, config),
    // What the words mean, and which of them there are, is known where stores and buses are opened.
    store: textOption(options, 'store') as OpenWorkerOptions['store'],
    bus: textOption(options, 'bus') as OpenWorkerOptions['bus'],
    repo: textOption(options, 'repo'),
    roles: rolesOf(listOption(options, 'role')),
    maxWorkers: numberOption(options, 'maxWorkers', '--max-workers', 1),
    agents: flags.agent,
    signal,
    logger: flags.verbose ? stderrLogger(out) : troublesOf(stderrLogger(out)),
    onWarning,
    onEvent: (event) => tell(out, event),
  };
}

const roles = ['worker', 'fixer'] as const;

function rolesOf(wanted: readonly string[]): OpenWorkerOptions['roles'] {
  if (wanted.length === 0) return undefined;
  return wanted.map((word) => {
    const role = roles.find((known) => known === word);
    if (role) return role;
    throw usage(`--role takes ${roles.join(' or ')}, not ${JSON.stringify(word)}`, 'conductor worker --role worker');
  });
}

/**
 * Nobody watches a worker: that it cannot reach its engine must not need a flag to be seen. The same trouble again and again, as of a
 * bus that is away, is told once.
 */
export function troublesOf(logger: Logger, last: { text: string } = { text: '' }): Logger {
  const once =
    (tell: Logger['warn']): Logger['warn'] =>
    (message, fields) => {
      const text = `${message} ${JSON.stringify(fields)}`;
      if (text === last.text) return;
      last.text = text;
      tell(message, fields);
    };
  return {
    debug: () => {},
    info: () => {},
    warn: once(logger.warn),
    error: once(logger.error),
    with: (fields) => troublesOf(logger.with(fields), last),
  };
}

const verbs = { claimed: 'takes', reported: 'reports', released: 'gives back', lost: 'lost' } as const;

function tell(out: CommandContext['out'], { type, runId, trackId, taskId, status, text }: WorkerEvent): void {
  const fields = { type: `run.${type}`, run: runId, track: trackId, task: taskId };
  const more = { ...(status && { status }), ...(text !== undefined && { text }) };
  const said = [status, text].filter((part) => part !== undefined).join(': ');
  const line = plain(`${verbs[type]} ${taskId} of ${trackId}${said === '' ? '' : `  ${said}`}`);
  out.line('status', { ...fields, ...more }, line);
}
