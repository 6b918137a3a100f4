import { describe, expect, it } from 'vitest';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';
import { ConductorError } from '../kernel/error.js';
import { silentLogger } from '../ports/clock.js';
import type { Logger } from '../ports/clock.js';
import { FakeClock } from '../testing/fake-clock.js';
import { defineDirector, defineEvaluator, defineExecutor, definePlugin, openPlugins } from './index.js';
import type { Plugin } from './index.js';

const evaluator = (id: string) => defineEvaluator({ id, evaluate: () => ({ verdict: 'PASS', findings: [] }) });
const director = (id: string) =>
  defineDirector({
    id,
    code: 'X',
    title: 'X',
    assess: () => ({ verdict: 'APPROVE', score: 8, keyPoints: [], concerns: [], recommendations: [], blocking: false }),
  });
const executor = (id: string) => defineExecutor({ id, run: async () => 'done' });

function open(
  plugins: readonly unknown[],
  parts: { disable?: readonly string[]; signal?: AbortSignal; logger?: Logger } = {},
) {
  return openPlugins(plugins as readonly Plugin[], {
    logger: silentLogger,
    clock: new FakeClock(),
    signal: new AbortController().signal,
    ...parts,
  }); // a configuration may hold anything
}

/** A Standard Schema that answers later, as schemas that look something up do. */
const later = (
  validate: (value: unknown) => Promise<{ value: string } | { issues: { message: string }[] }>,
): StandardSchemaV1<unknown, string> => ({ '~standard': { version: 1, vendor: 'test', validate } });

describe('openPlugins', () => {
  it('sorts plugins by kind, keeps their order, and takes bundles apart', async () => {
    const inner = definePlugin({ id: 'acme/inner', provides: () => [evaluator('acme/c')] });
    const bundle = definePlugin({ id: 'acme/all', provides: () => [evaluator('acme/b'), director('acme/d'), inner] });
    const opened = await open([evaluator('acme/a'), bundle, executor('acme/e')]);
    expect([
      opened.evaluators.map(({ id }) => id),
      opened.directors.map(({ id }) => id),
      opened.executors.map(({ id }) => id),
    ]).toEqual([['acme/a', 'acme/b', 'acme/c'], ['acme/d'], ['acme/e']]);
    expect(opened.executors[0]?.definition.id).toBe('acme/e');
    expect(opened.executors[0]?.options).toBeUndefined();
  });

  it('opens nothing as nothing', async () => {
    const opened = await open([]);
    expect([opened.evaluators, opened.directors, opened.executors]).toEqual([[], [], []]);
    await opened.close();
  });

  it('refuses an id that is listed twice, also over kinds and bundles, and a bundle that holds itself', async () => {
    const twice = definePlugin({ id: 'acme/all', provides: () => [executor('acme/a')] });
    const self: Plugin = definePlugin({ id: 'acme/self', provides: () => [self] });
    for (const plugins of [
      [evaluator('acme/a'), evaluator('acme/a')],
      [evaluator('acme/a'), director('acme/a')],
      [evaluator('acme/a'), twice],
      [self],
    ])
      await expect(open(plugins)).rejects.toMatchObject({
        code: 'PLUGIN_INVALID',
        details: { reason: 'the id is listed twice' },
      });
  });

  it('refuses what no define function made, whatever it is', async () => {
    for (const value of [null, undefined, 'acme/a', 1, {}, { id: 'acme/a' }, { kind: 'executor', id: 'acme/a' }])
      await expect(open([value])).rejects.toMatchObject({ code: 'PLUGIN_INVALID' });
    await expect(open([{ ...executor('acme/a'), apiVersion: 2 }])).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      message: expect.stringContaining('apiVersion 2 where 1 is known'),
    });
  });

  it('leaves out what is disabled, parts of a bundle and whole bundles too, without setting them up', async () => {
    let ups = 0;
    const bundle = definePlugin({
      id: 'acme/all',
      provides: () => [evaluator('acme/b'), evaluator('acme/c')],
      setup: () => void (ups += 1),
    });
    expect(
      (await open([evaluator('acme/a'), bundle], { disable: ['acme/a', 'acme/c'] })).evaluators.map(({ id }) => id),
    ).toEqual(['acme/b']);
    expect(
      (await open([evaluator('acme/a'), bundle], { disable: ['acme/all'] })).evaluators.map(({ id }) => id),
    ).toEqual(['acme/a']);
    expect(ups).toBe(1);
    await open([evaluator('acme/a'), evaluator('acme/a')], { disable: ['acme/a'] });
  });

  it('parses options once, by any schema that speaks Standard Schema, with their defaults', async () => {
    const schema = z.object({ header: z.string().default('MIT'), max: z.coerce.number().default(2) });
    const checked = defineEvaluator({
      id: 'acme/a',
      options: schema,
      evaluate: () => ({ verdict: 'PASS', findings: [] }),
    });
    expect((await open([checked])).evaluators[0]?.options).toEqual({ header: 'MIT', max: 2 });
    expect((await open([checked.with({ max: '7' })])).evaluators[0]?.options).toEqual({ header: 'MIT', max: 7 });
    let calls = 0;
    const slow = later(async (value) => ({ value: `${JSON.stringify(value)} ${(calls += 1)}` }));
    const bundle = definePlugin({
      id: 'acme/all',
      options: slow,
      provides: (options) => [defineExecutor({ id: 'acme/x', run: async () => options })],
    });
    const opened = await open([bundle.with('in')]);
    expect(await opened.executors[0]?.definition.run({} as never, {} as never)).toBe('"in" 1'); // neither is looked at
  });

  it('refuses options that do not fit, with the issues, and names the plugin when its schema itself fails', async () => {
    const wrong = later(async () => ({ issues: [{ message: 'no such colour' }] }));
    const broken = later(async () => Promise.reject(new Error('no network')));
    await expect(open([definePlugin({ id: 'acme/a', options: wrong })])).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      hint: 'no such colour',
      details: { plugin: 'acme/a', reason: 'options', issues: [{ message: 'no such colour' }] },
    });
    await expect(open([definePlugin({ id: 'acme/a', options: broken })])).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      details: { plugin: 'acme/a' },
    });
  });

  it('sets bundles up in listed order and tears them down in reverse, once', async () => {
    const steps: string[] = [];
    const bundle = (id: string, parts: readonly Plugin[] = []) =>
      definePlugin({
        id,
        provides: () => parts,
        setup: async () => {
          steps.push(`up ${id}`);
          return async () => void steps.push(`down ${id}`);
        },
      });
    const silent = definePlugin({ id: 'silent', setup: () => void steps.push('up silent') });
    const opened = await open([bundle('a', [bundle('b')]), silent, bundle('c')]);
    expect(steps).toEqual(['up a', 'up b', 'up silent', 'up c']);
    await opened.close();
    await opened.close();
    expect(steps.slice(4)).toEqual(['down c', 'down b', 'down a']);
  });

  it('hands a bundle a frozen context with its own options, its own logger, the clock and the signal', async () => {
    const named: unknown[] = [];
    const logger: Logger = { ...silentLogger, with: (fields) => (named.push(fields), silentLogger) };
    const signal = new AbortController().signal;
    let seen: unknown;
    await open(
      [
        definePlugin({ id: 'a', options: z.object({ n: z.number() }), setup: (context) => void (seen = context) }).with(
          { n: 1 },
        ),
      ],
      { logger, signal },
    );
    expect(seen).toMatchObject({ options: { n: 1 }, signal, deadlineMs: 0, clock: expect.any(FakeClock) });
    expect(Object.isFrozen(seen)).toBe(true);
    expect(named).toEqual([{ plugin: 'a' }]);
  });

  it('that fails half-way tears down what it had set up, and names the plugin at fault', async () => {
    const steps: string[] = [];
    const good = definePlugin({ id: 'good', setup: () => () => void steps.push('down good') });
    const cause = new Error('no network');
    const badSetup = definePlugin({ id: 'bad', setup: () => Promise.reject(cause) });
    const badParts = definePlugin({
      id: 'bad',
      provides: () => {
        throw cause;
      },
    });
    const noList = definePlugin({ id: 'bad', provides: (() => evaluator('x')) as never }); // plain JavaScript may return anything
    for (const bad of [badSetup, badParts, noList])
      await expect(open([good, bad])).rejects.toMatchObject({ code: 'PLUGIN_FAILED', details: { plugin: 'bad' } });
    await expect(open([good, badSetup])).rejects.toMatchObject({
      cause: expect.objectContaining({ message: 'no network' }),
    });
    expect(steps).toHaveLength(4);
  });

  it('closes to the end when a teardown fails, and tells the log', async () => {
    const told: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      error: (message, fields) => void told.push(`${message}: ${String(fields?.['error'])}`),
      with: () => logger,
    };
    let down = false;
    const opened = await open(
      [
        definePlugin({ id: 'a', setup: () => () => void (down = true) }),
        definePlugin({ id: 'b', setup: () => () => Promise.reject(new Error('stuck')) }),
      ],
      { logger },
    );
    await opened.close();
    expect([down, told]).toEqual([true, ['A plugin failed while it was closed: Error: stuck']]);
  });

  it('does nothing when it is already cancelled', async () => {
    const reason = new ConductorError('INTERRUPTED', 'stop');
    let ups = 0;
    await expect(
      open([definePlugin({ id: 'a', setup: () => void (ups += 1) })], { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    expect(ups).toBe(0);
  });
});
