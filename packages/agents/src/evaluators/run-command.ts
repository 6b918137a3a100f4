import { instant } from '@conductor/core';
import type { Clock, Ids, RunCommand } from '@conductor/core/ports';
import { commandEnvironment } from '../node/environment.js';
import { tailOf } from '../node/output.js';
import { runGroup } from '../node/run-group.js';

export interface CommandRunnerOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Names of further variables of this process that commands may see. */
  readonly passEnv?: readonly string[] | undefined;
  /** Between SIGTERM and SIGKILL; default 5 s. */
  readonly killGraceMs?: number | undefined;
}

/**
 * Runs the commands of evaluators and returns what happened as evidence: exit code (`null` after a signal), whether time
 * ran out, how long it took, and the end of both outputs. Empty stdin, own group, no process left behind. Throws
 * COMMAND_MISSING, WORKSPACE_GONE and `signal.reason`, never for an exit code.
 */
export function commandRunner({ clock, ids, passEnv, killGraceMs = 5000 }: CommandRunnerOptions): RunCommand {
  return async ({ file, args, cwd, env, timeoutMs, tailBytes, spawned, signal }) => {
    signal?.throwIfAborted();
    const at = instant(clock.now());
    const startMs = clock.monotonic();
    const tail = tailOf(tailBytes);
    const end = await runGroup({
      command: [file, ...args],
      cwd,
      // A build must not wait for a person, nor colour what a program reads.
      env: commandEnvironment({ CI: 'true', NO_COLOR: '1', ...env }, passEnv),
      clock,
      signal,
      deadlineMs: timeoutMs,
      graceMs: killGraceMs,
      spawned,
      onOutput: (_stream, chunk) => void tail.add(chunk),
    });
    if (end.by === 'abort') throw signal?.reason;
    return {
      id: ids.id('evidence'),
      at,
      kind: 'command',
      command: [file, ...args],
      exitCode: end.by === 'deadline' ? null : end.exitCode,
      timedOut: end.by === 'deadline',
      tail: tail.text(),
      durationMs: Math.round(clock.monotonic() - startMs),
    };
  };
}
