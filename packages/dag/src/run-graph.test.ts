import { ConductorError } from '@conductor/core';
import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { buildGraph, type GraphNode } from './graph.js';
import { runGraph } from './run-graph.js';
import type { ScheduleEvent } from './scheduler.js';

const node = (id: string, ...dependsOn: string[]): GraphNode => ({ id, dependsOn });
const diamond = buildGraph([node('a'), node('b', 'a'), node('c', 'a'), node('d', 'b', 'c')]);

describe('runGraph', () => {
  it('runs every task after its dependencies and returns each value, in plan order', async () => {
    const order: string[] = [];
    const results = await runGraph(diamond, ({ id }) => {
      order.push(id);
      return id.toUpperCase();
    });
    expect(order).toEqual(['a', 'b', 'c', 'd']);
    expect([...results]).toEqual(
      ['a', 'b', 'c', 'd'].map((id) => [id, { status: 'done', value: id.toUpperCase(), attempts: 1 }]),
    );
  });

  it('never has more tasks running than it may, and as many as it can', async () => {
    const graph = buildGraph(Array.from({ length: 40 }, (_, index) => node(`t${index}`)));
    let running = 0;
    let most = 0;
    await runGraph(
      graph,
      async () => {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running -= 1;
      },
      { concurrency: 3 },
    );
    expect(most).toBe(3);
  });

  it('pauses only what depends on a failed task, and does not reject', async () => {
    const error = new Error('broken');
    const graph = buildGraph([node('a'), node('b', 'a'), node('c', 'b'), node('x'), node('y', 'x')]);
    const results = await runGraph(graph, ({ id }) => {
      if (id === 'a') throw error;
      return id;
    });
    expect([...results]).toEqual([
      ['a', { status: 'failed', error, attempts: 1 }],
      ['b', { status: 'paused', because: ['a'] }],
      ['c', { status: 'paused', because: ['a'] }],
      ['x', { status: 'done', value: 'x', attempts: 1 }],
      ['y', { status: 'done', value: 'y', attempts: 1 }],
    ]);
  });

  it('tries again as often as it may, then goes on with the dependents', async () => {
    const attempts: number[] = [];
    const results = await runGraph(
      diamond,
      ({ id }, { attempt }) => {
        if (id === 'b') attempts.push(attempt);
        if (id === 'b' && attempt < 3) throw new Error('not yet');
        return attempt;
      },
      { retries: 2 },
    );
    expect(attempts).toEqual([1, 2, 3]);
    expect(results.get('b')).toEqual({ status: 'done', value: 3, attempts: 3 });
    expect(results.get('d')?.status).toBe('done');
  });

  it('waits for a retry without holding the only slot', async () => {
    const clock = new FakeClock();
    const events: string[] = [];
    const run = runGraph(
      buildGraph([node('a'), node('b')]),
      ({ id }, { attempt }) => {
        if (id === 'a' && attempt === 1) throw new Error('not yet');
      },
      {
        concurrency: 1,
        retries: 1,
        retryDelayMs: 500,
        clock,
        onEvent: ({ type, id }) => events.push(`${type} ${id}`),
      },
    );
    await clock.turn();
    expect(events).toEqual(['started a', 'failed a', 'paused a', 'started b', 'done b']);
    await clock.advance(500);
    expect((await run).get('a')).toEqual({ status: 'done', value: undefined, attempts: 2 });
  });

  it('asks for a clock where a retry delay is wanted', async () => {
    const refused = runGraph(diamond, () => 1, { retryDelayMs: 5 });
    await expect(refused).rejects.toSatisfy((error) => ConductorError.is(error, 'VALIDATION_FAILED'));
  });

  it('does not run what is complete already', async () => {
    const ran: string[] = [];
    const results = await runGraph(diamond, ({ id }) => void ran.push(id), { done: ['a', 'b'] });
    expect(ran).toEqual(['c', 'd']);
    expect([...results.keys()]).toEqual(['c', 'd']);
  });

  it('names the tasks that a cycle keeps out of reach', async () => {
    const graph = buildGraph([node('a', 'b'), node('b', 'a'), node('c', 'b'), node('d')]);
    const results = await runGraph(graph, ({ id }) => id);
    expect([...results].map(([id, { status }]) => `${id} ${status}`)).toEqual([
      'a unreachable',
      'b unreachable',
      'c unreachable',
      'd done',
    ]);
  });

  it('returns at once for a plan without tasks', async () => {
    expect((await runGraph(buildGraph([]), () => 1)).size).toBe(0);
  });
});

describe('files in runGraph', () => {
  const sharing = (shareable: boolean) =>
    buildGraph(['a', 'b', 'c'].map((id) => ({ id, dependsOn: [], files: ['src/x.ts', `src/${id}.ts`], shareable })));

  it.each([
    [false, 1],
    [true, 3],
  ])('with shareable %s lets %i tasks of one file run at once', async (shareable, expected) => {
    let running = 0;
    let most = 0;
    const results = await runGraph(sharing(shareable), async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
    });
    expect([most, results.size]).toEqual([expected, 3]);
  });
});

describe('ending runGraph early', () => {
  it('refuses to begin under an aborted signal', async () => {
    const ran: string[] = [];
    const reason = new Error('no');
    await expect(runGraph(diamond, ({ id }) => void ran.push(id), { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(ran).toEqual([]);
  });

  it('on abort starts nothing more, tells the running tasks, waits for them and rejects with the reason', async () => {
    const abort = new AbortController();
    const reason = new Error('stop');
    const story: string[] = [];
    const run = runGraph(
      buildGraph([node('a'), node('b'), node('c')]),
      async ({ id }, { signal }) => {
        story.push(`start ${id}`);
        if (id === 'a') abort.abort(reason);
        await Promise.resolve();
        story.push(`end ${id} ${signal.aborted}`);
      },
      { concurrency: 2, signal: abort.signal },
    );
    await expect(run).rejects.toBe(reason);
    expect(story).toEqual(['start a', 'end a true']);
  });

  it('leaves a retry wait at once on abort', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const run = runGraph(
      diamond,
      () => {
        throw new Error('broken');
      },
      { retries: 5, retryDelayMs: 60_000, clock, signal: abort.signal },
    );
    const settled = expect(run).rejects.toThrow('stop');
    await clock.turn();
    abort.abort(new Error('stop'));
    await settled;
    expect(clock.pending).toBe(0);
  });

  it('ends with the error of a listener that throws, after the running tasks', async () => {
    const events: ScheduleEvent[] = [];
    const run = runGraph(diamond, () => 1, {
      onEvent: (event) => {
        events.push(event);
        throw new Error('listener');
      },
    });
    await expect(run).rejects.toThrow('listener');
    expect(events.map(({ type }) => type)).toEqual(['started', 'done']);
  });
});
