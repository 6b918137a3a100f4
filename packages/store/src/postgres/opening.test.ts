import type { Opt } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import type { PgClient } from './client.js';
import { reach } from './reach.js';
import { postgresStore } from './store.js';

const openTimeoutMs = 10_000;
const starting = Object.assign(new Error('the database system is starting up'), { severity: 'FATAL', code: '57P03' });
const refused = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }); // of a name with two addresses
const never = () => new Promise<never>(() => undefined);

/** A server that fails so many times before it answers. */
function failing(error: unknown, times = Infinity) {
  const clock = new FakeClock();
  const askedAt: number[] = [];
  const ask = async () => {
    if (askedAt.push(clock.monotonic()) > times) return 'ready';
    throw error;
  };
  const open = (storeBusyMs = 30_000) => {
    const o = { clock, openTimeoutMs, storeBusyMs, server: 'db:5432', signal: undefined };
    return clock.runUntil(reach(ask, o));
  };
  return { clock, askedAt, open };
}

describe('the opening of a Postgres', () => {
  it('is tried again, ever more slowly, while the server says that it is starting up', async () => {
    const { clock, askedAt, open } = failing(starting, 7);
    expect(await open()).toBe('ready');
    expect(askedAt).toEqual([0, 20, 60, 140, 300, 620, 1_120, 1_620]);
    expect(clock.pending).toBe(0);
  });

  it('fails when its time is over, with where and why', async () => {
    const { clock, open } = failing(starting);
    await expect(open()).rejects.toMatchObject({
      code: 'STORE_BUSY',
      message: 'Postgres at db:5432 is not ready: the database system is starting up',
      hint: expect.stringContaining('Wait until'),
      details: { server: 'db:5432' },
    });
    expect(clock.monotonic()).toBeGreaterThan(openTimeoutMs - 1_000);
    expect(clock.monotonic()).toBeLessThanOrEqual(openTimeoutMs);
    expect(clock.pending).toBe(0);
  });

  it('takes a fifth of its time where nobody listens, and less where the store is to be patient for less', async () => {
    const patient = failing(refused);
    await expect(patient.open()).rejects.toMatchObject({
      code: 'STORE_BUSY',
      message: 'Postgres at db:5432 cannot be reached: nobody listens there (ECONNREFUSED)',
      hint: expect.stringContaining('host and port'),
    });
    expect(patient.clock.monotonic()).toBe(1_620);
    const hasty = failing(refused);
    await expect(hasty.open(50)).rejects.toMatchObject({ code: 'STORE_BUSY' });
    expect(hasty.askedAt).toEqual([0, 20]);
  });

  it('fails at once with what no waiting changes', async () => {
    const denied = Object.assign(new Error('password authentication failed'), { severity: 'FATAL', code: '28P01' });
    const { askedAt, open } = failing(denied);
    await expect(open()).rejects.toBe(denied);
    expect(askedAt).toEqual([0]);
  });

  /** A client of a server that never answers. */
  const silent = () => {
    const ended: number[] = [];
    const client: PgClient = { unsafe: never, listen: never, end: async ({ timeout }) => ended.push(timeout) };
    return { ended, connect: () => client };
  };

  it('waits for a server that never answers no longer than it may, and lets go of its clients', async () => {
    const clock = new FakeClock();
    const { ended, connect } = silent();
    const opening = postgresStore({ connect, clock, server: 'db:5432' });
    await expect(clock.runUntil(opening)).rejects.toMatchObject({
      code: 'STORE_BUSY',
      message: 'Postgres at db:5432 cannot be reached: no answer within 10 s',
    });
    expect([clock.monotonic(), clock.pending, ended]).toEqual([10_000, 0, [0, 0]]);
  });

  it('ends at once when it is aborted, with the reason, and asks nothing of a server when it was before', async () => {
    const clock = new FakeClock();
    const { ended, connect } = silent();
    const abort = new AbortController();
    const probed: boolean[] = [];
    const probe = async ({ signal }: Opt) => void probed.push(signal?.aborted ?? true);
    const open = () => postgresStore({ connect, clock, probe, signal: abort.signal });
    const opening = expect(open()).rejects.toThrow('enough');
    await clock.settle();
    abort.abort(new Error('enough'));
    await opening;
    expect([clock.monotonic(), clock.pending, ended, probed]).toEqual([0, 0, [0, 0], [false]]);
    await expect(open()).rejects.toThrow('enough');
    expect([ended, probed]).toEqual([[0, 0], [false]]);
  });
});
