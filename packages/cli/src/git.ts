import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ConductorError } from '@conductor/core';

export interface GitOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Runs git in a folder. Throws `COMMAND_MISSING`, `COMMAND_FAILED`, and the signal's reason. */
export async function git(args: readonly string[], { cwd, env, signal }: GitOptions): Promise<void> {
  try {
    await promisify(execFile)('git', args, { cwd, env, signal });
  } catch (cause) {
    signal.throwIfAborted();
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new ConductorError('COMMAND_MISSING', 'This needs git, and there is none', { cause });
    const { stderr = '' } = cause as { readonly stderr?: string }; // what execFile rejects with
    throw new ConductorError('COMMAND_FAILED', `git ${args.at(-1) ?? ''} failed: ${stderr.trim() || String(cause)}`, {
      cause,
    });
  }
}
