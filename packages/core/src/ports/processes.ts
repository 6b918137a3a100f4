import type { CommandEvidence } from '../plugin/define-evaluator.js';
import type { ProcessRecord } from './executor.js';
import type { Opt } from './values.js';

/** Where this engine runs, and how it ends what an engine before it left running (R19). */
export interface Processes {
  readonly host: string;
  /** Changes with every boot: a group id of another boot means nothing. */
  readonly bootId: string;
  /** Ends a process group and resolves when it is empty. A record of another host or boot is left alone: `foreign`, `gone`. */
  end(record: ProcessRecord, o: Opt & { readonly graceMs: number }): Promise<'ended' | 'gone' | 'foreign'>;
}

/** Runs one command to its end with closed stdin in its own group; never throws for an exit code. `COMMAND_MISSING`. */
export type RunCommand = (
  o: Opt & {
    readonly file: string;
    readonly args: readonly string[];
    readonly cwd: string;
    readonly env?: Readonly<Record<string, string>> | undefined;
    readonly timeoutMs: number;
    readonly tailBytes: number;
    /** Awaited before the command may begin: its group is on record, so that an engine after a crash can end it (R19). */
    readonly spawned?: ((process: ProcessRecord) => Promise<void>) | undefined;
  },
) => Promise<CommandEvidence>;
