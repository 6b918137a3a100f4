import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import { sequentialIds } from '@conductor/core/testing';
import { processFacts } from '../node/host-facts.js';
import { commandRunner } from './run-command.js';

const run = commandRunner({ clock: systemClock(), ids: sequentialIds(), killGraceMs: 100 });
const shell = (
  script: string,
  o: { readonly timeoutMs?: number; readonly tailBytes?: number; readonly signal?: AbortSignal } = {},
) => run({ file: 'sh', args: ['-c', script], cwd: tmpdir(), timeoutMs: 60_000, tailBytes: 1000, ...o });

describe('commandRunner', () => {
  it('returns what happened as evidence', async () => {
    expect(await shell('echo out; echo err >&2; exit 3')).toEqual({
      id: expect.stringMatching(/^evidence_\d+$/) as string,
      at: expect.stringMatching(/Z$/) as string,
      kind: 'command',
      command: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
      exitCode: 3,
      timedOut: false,
      tail: expect.stringMatching(/^(?:out\nerr|err\nout)\n$/) as string,
      durationMs: expect.any(Number) as number,
    });
  });

  it('keeps the end of what is said', async () => {
    const { tail } = await shell('seq 1 10000', { tailBytes: 10 });
    expect(tail).toBe('9999\n10000\n'.slice(-10));
  });

  it('ends a command that takes too long, with its children', async () => {
    const evidence = await shell('sleep 1000 & echo $!; wait', { timeoutMs: 300 });
    expect(evidence).toMatchObject({ exitCode: null, timedOut: true });
    expect(processFacts(Number(evidence.tail))?.zombie ?? true).toBe(true);
  });

  it('tells a signal from an exit', async () => {
    expect(await shell('kill -9 $$')).toMatchObject({ exitCode: null, timedOut: false });
  });

  it('gives an empty stdin, no colours, and CI', async () => {
    expect((await shell('cat; echo "$CI $NO_COLOR"')).tail).toBe('true 1\n');
  });

  it('says that a program is missing', async () => {
    const missing = run({ file: 'no-such-program', args: [], cwd: tmpdir(), timeoutMs: 1000, tailBytes: 10 });
    await expect(missing).rejects.toMatchObject({ code: 'COMMAND_MISSING' });
  });

  it('rejects with the reason of its signal when the command has ended', async () => {
    const controller = new AbortController();
    const running = shell('exec sleep 1000', { signal: controller.signal });
    running.catch(() => {});
    await systemClock().turn();
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await expect(shell('true', { signal: controller.signal })).rejects.toThrow('enough');
  });
});
