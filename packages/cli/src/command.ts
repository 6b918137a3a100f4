import type { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import type { Project } from '@conductor/node';
import type { Output } from './output.js';

export interface GlobalFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  /** `-C`: the project's folder. */
  readonly directory?: string | undefined;
  /** `--config <file>`, or `none`. */
  readonly config?: string | undefined;
  /** `--agent <id>`: for every role. */
  readonly agent?: string | undefined;
}

/** What a command gets: everything it may touch. */
export interface CommandContext {
  readonly flags: GlobalFlags;
  readonly out: Output;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Ends at the first SIGINT, SIGTERM, SIGHUP, or when the reader of a runner's output has gone. */
  readonly signal: AbortSignal;
  /** The terminal that the live view may draw on; absent: plain lines. */
  readonly terminal?: Terminal | undefined;
  /** Tells once what keeps nothing from going on: a bus that is away, a store that is read as of a moment. */
  readonly onWarning: (warning: ConductorError) => void;
  open(o?: {
    readonly create?: boolean;
    /** The command changes nothing. */
    readonly looking?: boolean;
    readonly at?: string;
    readonly limits?: Readonly<Record<string, number>>;
  }): Promise<Project>;
  stdin(): Promise<string>;
  /** What is piped in, as it comes: for what may be larger than memory. */
  input(): AsyncIterable<Uint8Array>;
}

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
  write(text: string): void;
}

export interface ArgumentSpec {
  /** As in the help: `[track]`, `<file|track>`. */
  readonly usage: string;
  readonly description: string;
}

export interface CommandSpec {
  /** Words: `plan show`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly description: string;
  /** Behind the help of this command. */
  readonly note?: string;
  readonly arguments?: readonly ArgumentSpec[];
  /** `[flags, description]` as commander reads them. */
  readonly options?: readonly (readonly [flags: string, description: string])[];
  /** Not in the list of the help: another name of a command that is. */
  readonly hidden?: boolean;
  /** With `--json` it prints lines, the last one a result or an error. A text: only with the option of this name. */
  readonly streaming?: boolean | string;
  /** It runs work: when nobody reads its output any more, it stops as on SIGHUP. A text: only with the option of this name. */
  readonly runner?: boolean | string;
  /** Resolves with the exit code. */
  run(
    context: CommandContext,
    args: readonly (string | undefined)[],
    options: Readonly<Record<string, unknown>>,
  ): Promise<number>;
}
