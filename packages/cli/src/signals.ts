import { ConductorError } from '@conductor/core';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Signals {
  /** Aborts with `INTERRUPTED` at the first signal. */
  readonly signal: AbortSignal;
  /** 130 when interrupted; 0 when a reader's output has simply gone. */
  readonly exitCode: number;
  dispose(): void;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP asks for an orderly end; a second one ends the process at once, and with it its
 * launchers. A closed pipe ends a reader with 0 and makes a runner stop as on SIGHUP.
 */
export function watchSignals({ stdout, runner }: { readonly stdout: NodeJS.WriteStream; readonly runner: boolean }): Signals {
  const controller = new AbortController();
  let exitCode = 130;
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new ConductorError('INTERRUPTED', `Interrupted by ${name}`));
  };
  const onPipe = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    if (!runner) exitCode = 0;
    controller.abort(new ConductorError('INTERRUPTED', 'Nobody reads the output any more'));
  };
  for (const name of names) process.on(name, onSignal);
  stdout.on('error', onPipe);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose() {
      for (const name of names) process.off(name, onSignal);
      stdout.off('error', onPipe);
    },
  };
}
