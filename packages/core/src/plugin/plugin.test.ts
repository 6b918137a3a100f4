import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineConfig,
  defineDirector,
  defineEvaluator,
  defineExecutor,
  definePlugin,
  isPlugin,
  openPlugins,
  verdictOf,
} from './index.js';
import type { Assessment, Finding } from './index.js';
import { silentLogger } from '../ports/clock.js';
import { FakeClock } from '../testing/fake-clock.js';
import { parseOptions } from './plugin.js';

const approve: Assessment = {
  verdict: 'APPROVE',
  score: 8,
  keyPoints: [],
  concerns: [],
  recommendations: [],
  blocking: false,
};
const made = {
  evaluator: () => defineEvaluator({ id: 'acme/a', evaluate: () => ({ verdict: 'PASS', findings: [] }) }),
  director: () => defineDirector({ id: 'acme/a', code: 'AA', title: 'A', assess: () => approve }),
  executor: () => defineExecutor({ id: 'acme/a', run: async () => 'done' }),
  bundle: () => definePlugin({ id: 'acme/a' }),
};

describe('a define function', () => {
  it('returns frozen data with its kind, id and api version, and registers nothing', () => {
    for (const [kind, define] of Object.entries(made)) {
      const plugin = define();
      expect(plugin).toMatchObject({ kind, id: 'acme/a', apiVersion: 1 });
      expect([Object.isFrozen(plugin), Object.isFrozen(plugin.definition), isPlugin(plugin)]).toEqual([
        true,
        true,
        true,
      ]);
    }
  });

  it('copies what it is given, so that a change of it later changes nothing', () => {
    const definition = { id: 'acme/a', evaluate: () => ({ verdict: 'PASS' as const, findings: [] }) };
    const plugin = defineEvaluator(definition);
    definition.id = 'acme/b';
    expect(plugin.definition.id).toBe('acme/a');
    expect(plugin.with(undefined).id).toBe('acme/a');
  });

  it('takes ids of lower-case letters, digits and dashes, with a vendor or without', () => {
    for (const id of ['a', 'eval-code-quality', 'acme/license-header', '0/0', `${'a'.repeat(64)}/${'b'.repeat(64)}`])
      expect(definePlugin({ id }).id).toBe(id);
    for (const id of [
      '',
      '/',
      'a/',
      '/a',
      'A',
      'a b',
      'a/b/c',
      '../a',
      'a\n',
      'a_b',
      'ä',
      'a'.repeat(65),
      `a/${'b'.repeat(65)}`,
    ])
      expect(() => definePlugin({ id }), id).toThrow(
        expect.objectContaining({ code: 'PLUGIN_INVALID', details: { plugin: id, reason: 'id' } }) as Error,
      );
  });

  it('binds options by `with`, which returns a new plugin and leaves the old one', async () => {
    const plain = defineEvaluator({
      id: 'a',
      options: z.object({ max: z.int().default(3) }),
      evaluate: ({ options }) => ({ verdict: options.max > 0 ? 'PASS' : 'FAIL', findings: [] }),
    });
    const bound = plain.with({ max: 5 });
    expect(bound).not.toBe(plain);
    const { evaluators } = await openPlugins([bound], {
      logger: silentLogger,
      clock: new FakeClock(),
      signal: new AbortController().signal,
    });
    expect([await parseOptions(plain), evaluators[0]?.options]).toEqual([{ max: 3 }, { max: 5 }]);
  });
});

describe('isPlugin', () => {
  it('knows what a define function made, also in another copy of the package, and nothing else', () => {
    expect(isPlugin({ kind: 'executor', id: 'x', apiVersion: 2, definition: {} })).toBe(true);
    for (const value of [
      null,
      undefined,
      1,
      'a',
      () => {},
      {},
      [],
      { kind: 'executor' },
      { kind: 'executor', definition: {} },
      { kind: 'store', definition: {}, apiVersion: 1 },
    ])
      expect(isPlugin(value)).toBe(false);
  });
});

describe('options', () => {
  it('are nothing where no schema asks for them', async () => {
    expect(await parseOptions(made.executor())).toBeUndefined();
  });

  it('that do not fit are refused with every issue', async () => {
    const plugin = defineExecutor({
      id: 'a',
      options: z.object({ a: z.string(), b: z.number() }),
      run: async () => '',
    });
    await expect(parseOptions(plugin)).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      details: {
        plugin: 'a',
        reason: 'options',
        issues: [{ message: expect.any(String) }, { message: expect.any(String) }],
      },
    });
  });
});

describe('verdictOf', () => {
  it('fails with any error, and only with an error', () => {
    const finding = (severity: Finding['severity']): Finding => ({ severity, message: 'x' });
    const findings = [finding('info'), finding('warning')];
    expect(verdictOf([])).toEqual({ verdict: 'PASS', findings: [] });
    expect(verdictOf(findings)).toEqual({ verdict: 'PASS', findings });
    expect(verdictOf([...findings, finding('error')]).verdict).toBe('FAIL');
  });
});

describe('defineConfig', () => {
  it('returns what it is given', () => {
    const config = { dir: 'tracks' };
    expect(defineConfig(config)).toBe(config);
  });
});
