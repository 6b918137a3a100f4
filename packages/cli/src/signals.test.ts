import { EventEmitter } from 'node:events';
import { ConductorError } from '@conductor/core';
import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { FakeHost } from '../test/memory-streams.js';
import { watchSignals } from './signals.js';

function watch(o: { readonly runner: boolean }) {
  const host = new FakeHost();
  const clock = new FakeClock();
  const stdout = new EventEmitter();
  const stderr = new EventEmitter();
  let forced = 0;
  const signals = watchSignals({ host, stdout, stderr, clock, runner: o.runner, endGroups: () => void (forced += 1) });
  return { host, clock, stdout, stderr, signals, forced: () => forced };
}

describe('signals', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s asks for an orderly end', (name) => {
    const { host, signals, forced } = watch({ runner: true });
    host.emit(name, name);
    expect(ConductorError.is(signals.signal.reason, 'INTERRUPTED')).toBe(true);
    expect(signals.exitCode).toBe(130);
    expect(forced()).toBe(0);
    expect(host.exits).toEqual([]);
  });

  it('ends worker groups by force at the second one, and the process when the log had its time', async () => {
    const { host, clock, forced } = watch({ runner: true });
    host.emit('SIGINT', 'SIGINT');
    await clock.advance(1000);
    host.emit('SIGINT', 'SIGINT');
    expect(forced()).toBe(1);
    expect(host.exits).toEqual([]);
    await clock.advance(2000);
    expect(host.exits).toEqual([130]);
  });

  it('ends the process at once at the third one', async () => {
    const { host, clock } = watch({ runner: true });
    for (const _ of [1, 2, 3]) {
      host.emit('SIGINT', 'SIGINT');
      await clock.advance(500);
    }
    expect(host.exits).toEqual([130]);
  });

  it('takes the echo of a package runner for the same Ctrl-C', async () => {
    const { host, clock, forced } = watch({ runner: true });
    host.emit('SIGINT', 'SIGINT');
    await clock.advance(100);
    host.emit('SIGINT', 'SIGINT');
    expect(forced()).toBe(0);
  });

  it('leaves no timer and no listener behind', async () => {
    const { host, clock, signals } = watch({ runner: true });
    signals.dispose();
    await clock.advance(5000);
    expect(host.exits).toEqual([]);
    expect(host.eventNames()).toEqual([]);
  });

  it('ends with 130 also when one more comes while an interrupted command is about to end', async () => {
    const { host, clock, signals } = watch({ runner: true });
    host.emit('SIGINT', 'SIGINT');
    await clock.advance(1000);
    host.emit('SIGINT', 'SIGINT');
    signals.dispose();
    await clock.advance(5000);
    expect(host.exits).toEqual([]); // no timer
    host.emit('SIGINT', 'SIGINT');
    expect(host.exits).toEqual([130]);
  });

  it.each(['stdout', 'stderr'] as const)('interrupts a runner when nobody reads its %s any more', (name) => {
    const watched = watch({ runner: true });
    watched[name].emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(watched.signals.signal.aborted).toBe(true);
    expect(watched.signals.exitCode).toBe(130);
  });

  it('ends a reader with 0 when nobody reads any more, unless it was interrupted before', () => {
    const gone = () => Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const reader = watch({ runner: false });
    reader.stdout.emit('error', gone());
    expect(reader.signals.exitCode).toBe(0);
    const interrupted = watch({ runner: false });
    interrupted.host.emit('SIGINT', 'SIGINT');
    interrupted.stdout.emit('error', gone());
    expect(interrupted.signals.exitCode).toBe(130);
  });

  it('stops when the output goes to a disk that is full, and knows why', () => {
    const { stdout, signals } = watch({ runner: false });
    stdout.emit('error', Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' }));
    expect(signals.signal.aborted).toBe(true);
    expect([signals.exitCode, signals.isUnwritable]).toEqual([130, true]);
  });
});
