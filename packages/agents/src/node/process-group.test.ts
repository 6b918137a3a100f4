import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { instant, parseInstant, systemClock } from '@conductor/core';
import type { ProcessRecord } from '@conductor/core/ports';
import { hostFacts, processFacts } from './host-facts.js';
import { endGroup, hostProcesses, isAlive, processRecord } from './process-group.js';
import { runGroup } from './run-group.js';

const clock = systemClock();
const options = { clock, graceMs: 200 };

/** A group of its own, as an engine that has died left it: nobody here waits for it. */
async function group(
  script: string,
): Promise<{ readonly child: ChildProcess; readonly record: ProcessRecord; readonly pid: number }> {
  const child = spawn('sh', ['-c', 'export CONDUCTOR_GROUP=$$; exec sh -c "$0"', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const groupId = child.pid ?? 0;
  return { child, record: processRecord(groupId, { clock }), pid: Number(String(line)) };
}

const running = (pid: number) => processFacts(pid)?.zombie === false;

describe('hostFacts', () => {
  it('names the machine and its boot, the same each time', () => {
    expect(hostFacts().host).not.toBe('');
    expect(hostFacts().bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(hostFacts()).toEqual(hostFacts());
  });

  it('knows when this process started, whatever its name', () => {
    const facts = processFacts(process.pid);
    expect(Math.abs((facts?.startedMs ?? 0) - (clock.now() - process.uptime() * 1000))).toBeLessThan(3000);
    expect(processFacts(2 ** 30)).toBeUndefined();
  });
});

describe('endGroup', () => {
  it('ends a group with its children, and finds it gone the next time', async () => {
    const { record, pid } = await group('sleep 1000 & echo $!; wait');
    expect(await endGroup(record, options)).toBe('ended');
    expect([running(record.groupId), running(pid), isAlive(record.groupId)]).toEqual([false, false, false]);
    expect(await endGroup(record, options)).toBe('gone');
  });

  it('ends also what ignores the request', async () => {
    const { record } = await group(`trap '' TERM; echo 0; while :; do sleep 0.05; done`);
    expect(await hostProcesses({ clock }).end(record, { graceMs: 50 })).toBe('ended');
    expect(isAlive(record.groupId)).toBe(false);
  });

  it('ends the children of a leader that is gone', async () => {
    const { record, pid, child } = await group('sleep 1000 & echo $!');
    if (child.exitCode === null) await once(child, 'exit');
    expect(running(pid)).toBe(true);
    expect(await endGroup(record, options)).toBe('ended');
    expect(running(pid)).toBe(false);
  });

  describe('leaves alone', () => {
    /** Asks about a group that runs, and looks whether it still does. */
    const unharmed = async (ask: (record: ProcessRecord) => Promise<unknown>) => {
      const { record } = await group('echo 0; exec sleep 1000');
      const answer = await ask(record).catch((error: unknown) => error);
      const survived = running(record.groupId);
      await endGroup(record, options);
      return { answer, survived };
    };

    it('the group of another host', async () => {
      const asked = await unharmed((record) => endGroup({ ...record, host: 'elsewhere' }, options));
      expect(asked).toEqual({ answer: 'foreign', survived: true });
    });

    it('whoever has the number of a group from before the last boot', async () => {
      const asked = await unharmed((record) => endGroup({ ...record, bootId: 'before' }, options));
      expect(asked).toEqual({ answer: 'gone', survived: true });
    });

    it('whoever has the number now', async () => {
      const asked = await unharmed((record) => {
        const startedAt = instant(parseInstant(record.startedAt) - 60_000);
        return endGroup({ ...record, startedAt }, options);
      });
      expect(asked).toEqual({ answer: 'foreign', survived: true });
    });

    it('everything under a signal that has aborted', async () => {
      const signal = AbortSignal.abort(new Error('enough'));
      const asked = await unharmed((record) => endGroup(record, { ...options, signal }));
      expect(asked).toEqual({ answer: signal.reason as unknown, survived: true });
    });

    it.each([0, 1, -1, 1.5, NaN])('everything when asked for the group %s, which is none', async (groupId) => {
      const record = processRecord(process.pid, { clock });
      expect(await endGroup({ ...record, groupId }, options)).toBe('gone');
    });
  });
});

describe('the launcher', () => {
  it('ends without having run anything when its engine dies first', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'conductor-launcher-'));
    // An engine that dies between the start and the go line: it never writes, and its end closes the pipe.
    const engine = `
      const { spawn } = require('node:child_process');
      const child = spawn('/bin/sh', ['-c', 'read -r _ && exec "$@" </dev/null', 'conductor', 'touch', 'ran'], {
        cwd: ${JSON.stringify(folder)}, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
      child.once('spawn', () => { process.stdout.write(String(child.pid), () => process.kill(process.pid, 'SIGKILL')); });`;
    const died = spawn(process.execPath, ['-e', engine], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [pid] = (await once(died.stdout, 'data')) as [Buffer];
    while (running(Number(String(pid)))) await clock.turn();
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('keeps one identity from its record to the end of its command, and hands it to every child', async () => {
    let output = '';
    const records: ProcessRecord[] = [];
    await runGroup({
      command: ['sh', '-c', 'echo $$ $CONDUCTOR_GROUP; sh -c "echo $CONDUCTOR_GROUP"'],
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '' },
      clock,
      graceMs: 100,
      spawned: async (record) => void records.push(record),
      onOutput: (_stream, chunk) => (output += String(chunk)),
    });
    const id = records[0]?.groupId;
    expect(output).toBe(`${id} ${id}\n${id}\n`);
  });

  it('waits for no process that has left the group and keeps the output open', async () => {
    let output = '';
    const end = await runGroup({
      // As a daemon does: it cannot be ended with the group.
      command: ['sh', '-c', 'setsid sleep 1000 & echo $!'],
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '' },
      clock,
      graceMs: 100,
      onOutput: (_stream, chunk) => (output += String(chunk)),
    });
    process.kill(Number(output), 'SIGKILL');
    expect(end).toEqual({ by: 'itself', exitCode: 0, signal: null });
  });
});
