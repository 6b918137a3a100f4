import { spawn } from 'node:child_process';
import { ConductorError } from '@conductor/core';
import { systemCode } from '../file/file-error.js';

/** One call of git. */
export interface GitCall {
  readonly folder: string;
  readonly args: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly input?: string | undefined;
  /** Exit codes that are an answer and no failure; default 0. */
  readonly answers?: readonly number[] | undefined;
}

export interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const maxOutputBytes = 64 * 1024 * 1024;
const tailCharacters = 2000;

/**
 * The same git for everybody: plain names, no colour, no pager, no hooks, no signatures that would ask for a passphrase. What
 * a person has changed is never stashed for a merge, and nothing of his is pushed along.
 * Commits of the engine are steps of unfinished work beside other unfinished work; hooks are for what a person hands over.
 */
const settings = [
  ['core.quotePath', 'off'],
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['color.ui', 'false'],
  ['commit.gpgSign', 'false'],
  ['log.showSignature', 'false'],
  ['advice.detachedHead', 'false'],
  ['merge.autoStash', 'false'],
  ['merge.verifySignatures', 'false'],
  ['trailer.separators', ':'],
  ['push.followTags', 'false'],
  ['push.gpgSign', 'false'],
  ['push.recurseSubmodules', 'no'],
].flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** What of the environment reaches git: who commits and where its settings are, not which repository or index. */
const keptVariables = /^GIT_(?:AUTHOR|COMMITTER|CONFIG|CEILING|DISCOVERY|EXEC|SSL)_/;

/**
 * Runs git with an array of arguments, never through a shell. Throws COMMAND_MISSING, COMMAND_FAILED with the end of what
 * git said, REPO_BUSY when another git holds the index, or `signal.reason` once the child has ended.
 */
export async function runGit(call: GitCall): Promise<GitResult> {
  call.signal?.throwIfAborted();
  const result = await outputOf(call);
  call.signal?.throwIfAborted();
  if ((call.answers ?? [0]).includes(result.code)) return result;
  throw failure(call, result);
}

/** The entries of an output in which a NUL ends each. */
export function nulSeparated(text: string): string[] {
  const parts = text.split('\0');
  if (parts.at(-1) === '') parts.pop();
  return parts;
}

function outputOf({ folder, args, signal, input }: GitCall): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...settings, '--literal-pathspecs', ...args], {
      cwd: folder,
      env: environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C in the terminal ends the engine, never a commit in its middle.
      detached: true,
    });
    const end = () => child.kill('SIGTERM');
    signal?.addEventListener('abort', end, { once: true });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxOutputBytes) end();
      else chunks.push(chunk);
    };
    child.stdout.on('data', keep(stdout));
    child.stderr.on('data', keep(stderr));
    child.on('error', (error) => reject(startFailure(error, folder)));
    child.on('close', (code) => {
      signal?.removeEventListener('abort', end);
      const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('utf8');
      resolve({ code: code ?? -1, stdout: text(stdout), stderr: text(stderr) });
    });
    // A git that ends without reading its input closes the pipe; its exit code tells the rest.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
}

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_') || keptVariables.test(name));
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_EDITOR: 'true',
    GIT_PAGER: 'cat',
  };
}

function startFailure(error: Error, folder: string): ConductorError {
  if (systemCode(error) === 'ENOENT')
    return new ConductorError('COMMAND_MISSING', `git could not be started in ${folder}`, {
      hint: 'Install git, or check that the folder exists.',
      details: { command: 'git', folder },
      cause: error,
    });
  return new ConductorError('COMMAND_FAILED', `git could not be started: ${error.message}`, { cause: error });
}

function failure(call: GitCall, { code, stderr }: GitResult): ConductorError {
  const tail = stderr.slice(-tailCharacters).trim();
  const verb = call.args[0] ?? '';
  if (/index\.lock|cannot lock ref|unable to lock|could not lock/i.test(stderr))
    return new ConductorError('REPO_BUSY', `git ${verb} found the repository locked`, {
      hint: 'Wait for the other git; when none runs any more, remove the lock file that git names.',
      details: { folder: call.folder, tail },
      retryable: true,
    });
  return new ConductorError('COMMAND_FAILED', `git ${verb} ended with ${code}: ${firstLine(tail)}`, {
    details: { command: `git ${verb}`, exitCode: code, tail },
  });
}

function firstLine(text: string): string {
  return (text.split('\n').find((line) => line.trim() !== '') ?? 'without a word').slice(0, 200);
}
