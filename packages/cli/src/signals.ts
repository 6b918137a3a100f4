import { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import type { EventEmitter } from 'node:events';
import { isReaderGone } from './watch-output.js';
import { endWorkerGroups } from './worker-groups.js';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One Ctrl-C can reach us twice: from the terminal, and from a package runner that passes it on. */
const echoMs = 300;
/** After worker groups were ended by force, this long for the log to be told. */
const farewellMs = 2000;

export interface Signals {
  /** Aborts with `INTERRUPTED` at the first signal, or when nobody reads the output any more. */
  readonly signal: AbortSignal;
  /** Of a reader that was ended: 0 when its output has simply gone, else 130. */
  readonly exitCode: number;
  /** The output cannot be written, though somebody may read it: a full disk behind a redirect. */
  readonly isUnwritable: boolean;
  dispose(): void;
}

export interface SignalOptions {
  /** Where signals and the end of the process come from; `process`, except in tests. */
  readonly host: Pick<EventEmitter, 'on' | 'off'> & { exit(code: number): void };
  readonly stdout: Pick<EventEmitter, 'on'>;
  readonly stderr: Pick<EventEmitter, 'on'>;
  /** It runs work, so a closed pipe is an interruption; a reader just ends. */
  readonly runner: boolean;
  readonly clock: Clock;
  readonly endGroups?: (() => void) | undefined;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP asks for an orderly end. A second one ends the groups of all workers by force, and this
 * process when that was told to the log or after two seconds; a third one at once. A closed pipe makes a runner stop as on SIGHUP.
 */
export function watchSignals({
  host,
  stdout,
  stderr,
  runner,
  clock,
  endGroups = endWorkerGroups,
}: SignalOptions): Signals {
  const controller = new AbortController();
  const over = new AbortController();
  let count = 0;
  let firstMs = 0;
  let exitCode = 130;
  let isUnwritable = false;

  const byForce = () => {
    endGroups();
    clock.sleep(farewellMs, { signal: over.signal }).then(
      () => host.exit(130),
      () => {}, // it ended by itself
    );
  };
  const onSignal = (name: NodeJS.Signals) => {
    if (count === 1 && clock.monotonic() - firstMs < echoMs) return;
    count += 1;
    if (count === 1) {
      firstMs = clock.monotonic();
      controller.abort(new ConductorError('INTERRUPTED', `Interrupted by ${name}`));
    } else if (count === 2) byForce();
    else host.exit(130);
  };
  const onPipe = (error: NodeJS.ErrnoException) => {
    const gone = isReaderGone(error);
    if (gone && !runner && !controller.signal.aborted) exitCode = 0;
    if (!gone) isUnwritable = true;
    controller.abort(gone ? new ConductorError('INTERRUPTED', 'Nobody reads the output any more') : unwritable(error));
  };
  for (const name of names) host.on(name, onSignal);
  // These stay: an error of a stream may come after the last write, and without a listener it would end the process.
  stdout.on('error', onPipe);
  stderr.on('error', onPipe);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    get isUnwritable() {
      return isUnwritable;
    },
    dispose() {
      over.abort();
      // Interrupted, this process is about to end with 130; without a listener one more signal would end it with none.
      if (count === 0) for (const name of names) host.off(name, onSignal);
    },
  };
}

/** What a command that cannot hand over its answer ends with. */
export function unwritable(cause: Error): ConductorError {
  return new ConductorError('INTERRUPTED', `The output cannot be written: ${cause.message}`, {
    hint: 'Look whether the disk that it goes to is full, and run the command again.',
    cause,
  });
}
