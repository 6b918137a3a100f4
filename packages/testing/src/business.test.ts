import { parseDecisionLog } from '@conductor/core/files';
import type { Assignment, Repository } from '@conductor/core/ports';
import type { ExecutorContext } from '@conductor/core/plugin';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngineOptions } from './create-test-engine.js';
import { dataOf, deadKeeper, facts, replayed } from './scenario.js';

const one = { goal: 'A page', tasks: [{ id: '1.1', text: 'Write a', files: ['a.txt'] }] };
const archive = 'Pro was $9 in the study of 2024.\n';
const files = {
  'conductor/product.md': '# Product\n\n- **Pro**: $29/month\n',
  'conductor/tech-stack.md': '# Stack\n\n- Gemini 2.5 Flash\n',
  'conductor/product-roadmap.md': '# Roadmap\n\nPro costs $29/month.\n',
  '.claude/skills/product-knowledge/SKILL.md': '# Product knowledge\n\n- Pro: $29/month\n',
  'conductor/research/prices.md': archive,
};
const flag = { businessSyncRequired: true, businessSyncReason: 'The price of Pro is $39' };

type Context = ExecutorContext<undefined>;
interface Ask {
  readonly tier: number;
  readonly paths: readonly string[];
  readonly input: Readonly<Record<string, unknown>>;
}
type Scribe = (ask: Ask, context: Context) => Promise<unknown>;

/** Raises the price wherever it stands in the documents of the tier that is asked for. */
const raisesThePrice: Scribe = async ({ paths }, { workspace }) => {
  for (const path of paths) await workspace.write(path, (await workspace.read(path)).replaceAll('$29', '$39'));
  return undefined;
};

/** Commits as git does, in memory: what it was given, by key. */
function memoryRepository(read: () => Promise<readonly string[]>) {
  const commits: {
    readonly key: string;
    readonly message: string;
    readonly paths: readonly string[];
    readonly sha: string;
  }[] = [];
  const repository = {
    status: async () => ({ kind: 'ready', head: 'base', branch: 'main', changed: await read() }),
    async commit({ key, message, paths }) {
      const sha = String(commits.length + 1).padStart(40, '0');
      commits.push({ key, message, paths, sha });
      return { sha };
    },
    findKey: async (key) => commits.findLast((commit) => commit.key === key)?.sha,
    changes: async () => [],
  } as Partial<Repository> as Repository; // what a shared workspace asks for
  return { repository, commits };
}

async function flagged(scribe: Scribe | undefined, options: TestEngineOptions & { readonly answer?: object } = {}) {
  const { answer = flag, ...settings } = options;
  const asks: Ask[] = [];
  const worker = async (assignment: Assignment, { workspace }: Context) => {
    for (const file of 'task' in assignment ? assignment.task.files : []) await workspace.write(file, 'a\n');
    return { status: 'done' as const, summary: 'Wrote it', answer: { ...answer } };
  };
  const test = await createTestEngine({
    files,
    agents: {
      worker,
      ...(scribe && {
        scribe: async (assignment: Assignment, context: Context) => {
          const input = assignment.input as { tier: number; documents: { path: string }[] };
          const ask = { tier: input.tier, paths: input.documents.map(({ path }) => path), input: { ...input } };
          asks.push(ask);
          const said = await scribe(ask, context);
          return {
            status: 'done' as const,
            summary: 'Wrote the documents',
            ...(said !== undefined && { answer: said as never }),
          };
        },
      }),
    },
    ...settings,
  });
  const { id } = await test.api.tracks.create(one);
  const run = async () => {
    await test.api.tracks.run(id);
    return test.api.tracks.waitFor(id);
  };
  return { ...test, test, id, asks, run };
}

describe('BUSINESS_SYNC', () => {
  it('comes after a PASS when a worker flagged a decision; without a flag it is on record as skipped [LOOP-11]', async () => {
    for (const required of [true, false]) {
      const { test, id, run, asks, read, close } = await flagged(raisesThePrice, {
        answer: { businessSyncRequired: required },
      });
      const track = await run();
      expect(track.lifecycle).toBe('completed');
      const steps = (await facts(test, id))
        .filter(({ type }) => type.startsWith('step.'))
        .map(({ type, data }) => `${type} ${String((data as { step: string }).step)}`);
      const end = [
        'step.passed EVALUATE_EXECUTION',
        ...(required ? ['step.started BUSINESS_SYNC', 'step.passed BUSINESS_SYNC'] : ['step.skipped BUSINESS_SYNC']),
        'step.started COMPLETE',
        'step.passed COMPLETE',
      ];
      expect(steps.slice(-end.length)).toEqual(end);
      expect(asks.length > 0).toBe(required);
      expect(JSON.parse((await read(`conductor/tracks/${id}/metadata.json`)) ?? '')).toMatchObject({
        loop_state: {
          checkpoints: {
            EVALUATE_EXECUTION: { business_sync_required: required },
            BUSINESS_SYNC: { status: required ? 'PASSED' : 'SKIPPED', required },
          },
        },
      });
      await close();
    }
  });

  it('asks the scribe tier by tier, each with its own documents and the settled ones above, and never for an archive [BIZ-02]', async () => {
    const { run, asks, read, close } = await flagged(raisesThePrice);
    expect((await run()).lifecycle).toBe('completed');
    expect(asks.map(({ tier, paths }) => [tier, ...paths])).toEqual([
      [1, 'conductor/product.md'],
      [2, 'conductor/product-roadmap.md'],
      [3, '.claude/skills/product-knowledge/SKILL.md'],
    ]);
    expect(asks[1]?.input).toMatchObject({
      work: 'business-sync',
      trigger: 'pricing-changed',
      impacts: ['pricing'],
      reasons: ['The price of Pro is $39'],
      // What tier 1 says by now: tier 2 is made to match it.
      sources: [
        { path: 'conductor/product.md', text: '# Product\n\n- **Pro**: $39/month\n' },
        { path: 'conductor/tech-stack.md' },
      ],
    });
    expect(await read('conductor/product-roadmap.md')).toContain('$39');
    expect(await read('conductor/research/prices.md')).toBe(archive);
    await close();
  });

  it('refuses a change of an archive or of another tier, keeps its bytes, and asks again [BIZ-02]', async () => {
    const opened = await flagged(
      async (ask, context) => {
        const first = opened.asks.length === 1;
        if (first) await context.workspace.write('conductor/research/prices.md', 'Rewritten history\n');
        if (first) await context.workspace.write('conductor/product-roadmap.md', 'Pro costs $29/month. Soon.\n');
        return raisesThePrice(ask, context);
      },
      { limits: { retryMinMs: 0, retryMaxMs: 0 } },
    );
    const { test, id, asks, read, clock, api, close } = opened;
    await api.tracks.run(id);
    await clock.advance(60_000);
    await api.tracks.waitFor(id);
    expect(asks.map(({ tier }) => tier)).toEqual([1, 1, 2, 3]);
    expect(await read('conductor/research/prices.md')).toBe(archive);
    const [refused] = await facts(test, id, 'edit.noted');
    expect(dataOf(refused)).toMatchObject({
      path: 'conductor/research/prices.md',
      disposition: 'refused',
      bytes: { text: 'Rewritten history\n' },
    });
    const [failure] = await facts(test, id, 'effect.failed');
    expect(dataOf(failure)).toMatchObject({ reason: 'WORK_UNPROVEN', final: false });
    for (const word of ['conductor/research/prices.md is an archive', 'conductor/product-roadmap.md is of tier 2'])
      expect(asks[1]?.input['previousFailure']).toContain(word);
    await close();
  });

  it('verifies the documents itself, hands what does not fit to the next try, and logs the decision once they do [BIZ-03]', async () => {
    const { test, id, asks, clock, api, close } = await flagged(
      async ({ tier, ...ask }, context) => tier === 1 && raisesThePrice({ tier, ...ask }, context),
    );
    await api.tracks.run(id);
    await clock.advance(600_000);
    const track = await api.tracks.waitFor(id);
    expect(track).toMatchObject({ step: 'BUSINESS_SYNC', stepStatus: 'BLOCKED', lastStop: 'awaiting' });
    expect(asks.map(({ tier }) => tier)).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
    expect(asks[3]?.input['findings']).toMatchObject([
      { code: 'PRICE_MISMATCH', path: 'conductor/product-roadmap.md', line: 3 },
      { code: 'PRICE_MISMATCH', path: '.claude/skills/product-knowledge/SKILL.md', line: 3 },
    ]);
    const reported = (await facts(test, id, 'evaluation.reported')).at(-1);
    expect(dataOf(reported)).toMatchObject({
      evaluator: 'business-docs-sync',
      verdict: 'FAIL',
      findings: [{ code: 'PRICE_MISMATCH' }, { code: 'PRICE_MISMATCH' }],
    });
    // The person mends them and says so; the scribe is asked again and there is nothing left to find.
    for (const path of ['conductor/product-roadmap.md', '.claude/skills/product-knowledge/SKILL.md'])
      await test.workspace.replace(path, new TextEncoder().encode('- Pro: $39/month\n'));
    const [question] = (await api.approvals.list()).items;
    expect(question?.summary).toMatch(
      /at BUSINESS_SYNC: The step could not be done: conductor\/product-roadmap\.md:3: .*\$29.*; \.claude\/skills\/product-knowledge\/SKILL\.md:3: .*\. Is it resolved\?$/u,
    );
    await api.approvals.decide(question?.id ?? '', { outcome: 'approved', choice: 'resolved' });
    expect(await test.read('conductor/decision-log.md')).toBeUndefined();
    await api.tracks.run(id);
    expect((await api.tracks.waitFor(id)).lifecycle).toBe('completed');
    expect(parseDecisionLog((await test.read('conductor/decision-log.md')) ?? '')).toMatchObject([
      { track: id, decision: 'The price of Pro is $39', loggedBy: 'business-docs-sync' },
    ]);
    await close();
  });

  it('appends one entry to the decision log in its first form and changes nothing else in it', async () => {
    const before =
      '# Decision Log\n\n| Date | Track | Decision | Category | Impact | Logged By |\n|---|---|---|---|---|---|\n| 2025-01-01 | x | Use zod | TECH | small | tech-lead |\n\nNotes of a person.\n';
    const { id, run, read, close } = await flagged(raisesThePrice, {
      files: { ...files, 'conductor/decision-log.md': before },
    });
    await run();
    const log = (await read('conductor/decision-log.md')) ?? '';
    expect(parseDecisionLog(log)).toEqual([
      ...parseDecisionLog(before),
      {
        date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/u) as string,
        track: id,
        decision: 'The price of Pro is $39',
        category: 'PRICING',
        impact:
          'pricing tier, price or feature list: product.md, product-roadmap.md, .claude/skills/product-knowledge/SKILL.md',
        loggedBy: 'business-docs-sync',
      },
    ]);
    expect(
      log
        .split('\n')
        .filter((line) => !line.includes('business-docs-sync'))
        .join('\n'),
    ).toBe(before);
    await close();
  });

  it('appends to a decision log in its own encoding, and leaves one alone that is no text', async () => {
    const path = 'conductor/decision-log.md';
    const wide = Uint8Array.from(Buffer.from('\ufeff# Log\n', 'utf16le'));
    const odd = Uint8Array.from([0x23, 0x20, 0xfc, 0x0a]);
    for (const [bytes, after] of [
      [wide, /^\ufeff# Log\n[\s\S]*\$39/u],
      [odd, undefined],
    ] as const) {
      const opened = await flagged(raisesThePrice);
      await opened.test.workspace.replace(path, bytes);
      expect((await opened.run()).lifecycle).toBe('completed');
      const now = await opened.test.workspace.read(path);
      if (after) expect(Buffer.from(now ?? []).toString('utf16le')).toMatch(after);
      else expect(now).toEqual(bytes);
      await opened.close();
    }
  });

  it('makes one commit of the documents and the log, with its message, and not a second one after a crash [BIZ-04]', async () => {
    let changed: readonly string[] = [];
    let committed = () => {};
    const died = new Promise<void>((resolve) => (committed = resolve));
    const { repository, commits } = memoryRepository(async () => changed);
    const dying: Repository = {
      ...repository,
      async commit(o) {
        const made = await repository.commit(o);
        if (!o.message.startsWith('docs: sync')) return made;
        committed();
        return new Promise(() => {}); // committed, and nobody hears of it
      },
    };
    const base = await createTestEngine();
    const scribe: Scribe = async (ask, context) => {
      changed = [...changed, ...ask.paths];
      return raisesThePrice(ask, context);
    };
    const first = await flagged(scribe, { ports: { ...base.ports, repository: dying, leaseKeeper: deadKeeper } });
    const { id, clock } = first;
    await first.api.tracks.run(id);
    await died;
    await clock.advance(20_000); // its leases expire
    const second = await createTestEngine({
      agents: {
        scribe: async () => {
          throw new Error('Nothing is left to ask');
        },
      },
      ports: { ...base.ports, repository },
    });
    await second.api.tracks.run(id);
    const track = await second.api.tracks.waitFor(id);
    expect(track.lifecycle).toBe('completed');
    const made = commits.filter(({ message }) => message.startsWith('docs: sync'));
    expect(made).toMatchObject([
      {
        message: 'docs: sync business docs — The price of Pro is $39',
        paths: [
          'conductor/product.md',
          'conductor/product-roadmap.md',
          '.claude/skills/product-knowledge/SKILL.md',
          'conductor/decision-log.md',
        ],
      },
    ]);
    const reported = (await facts(second, id, 'evaluation.reported')).at(-1);
    expect(dataOf(reported)['evidence']).toMatchObject([{ kind: 'business-sync', commit: made[0]?.sha }]);
    expect(first.asks).toHaveLength(3);
    expect(parseDecisionLog((await second.read('conductor/decision-log.md')) ?? '')).toHaveLength(1);
    expect(await second.api.tracks.get(id)).toEqual(await replayed(second, id));
    await second.close();
  });

  it('stops without a mark where nobody is a scribe, and goes on once somebody is', async () => {
    const { test, id, run, ports, close } = await flagged(undefined);
    const track = await run();
    expect(track).toMatchObject({
      step: 'BUSINESS_SYNC',
      stepStatus: 'IN_PROGRESS',
      lifecycle: 'active',
      lastStop: 'error',
    });
    expect(dataOf((await facts(test, id, 'loop.stopped')).at(-1))).toMatchObject({
      error: { code: 'EXECUTOR_MISSING' },
    });
    expect(
      (await facts(test, id)).filter(
        ({ type, data }) => type.startsWith('effect.') && (data as { effect: string }).effect.includes('BUSINESS'),
      ),
    ).toEqual([]);
    await close();
    const second = await createTestEngine({
      ports,
      agents: {
        scribe: async ({ input }, { workspace }) => {
          await raisesThePrice(
            {
              tier: 0,
              paths: (input as { documents: { path: string }[] }).documents.map(({ path }) => path),
              input: {},
            },
            { workspace } as Context,
          );
          return 'Wrote it';
        },
      },
    });
    await second.api.tracks.run(id);
    expect((await second.api.tracks.waitFor(id)).lifecycle).toBe('completed');
    await second.close();
  });

  it('fails an evaluation only for a flag that is missing, never for documents that are not synchronised yet [EVAL-08]', async () => {
    const fixed: boolean[] = [];
    const worker = async (assignment: Assignment, { workspace }: Context) => {
      await workspace.write('conductor/product.md', '# Product\n\n- **Pro**: $39/month\n');
      const flags = assignment.role === 'fixer';
      fixed.push(flags);
      return { status: 'done' as const, summary: 'Raised the price', ...(flags && { answer: flag }) };
    };
    const test = await createTestEngine({
      files,
      agents: {
        worker,
        scribe: async ({ input }, context) => {
          const paths = (input as { documents: { path: string }[] }).documents.map(({ path }) => path);
          await raisesThePrice({ tier: 0, paths, input: {} }, context);
          return 'Wrote the documents';
        },
      },
    });
    const { id } = await test.api.tracks.create({
      goal: 'A new price',
      tasks: [{ id: '1.1', text: 'Raise the price', files: ['conductor/product.md'] }],
    });
    await test.api.tracks.run(id);
    const track = await test.api.tracks.waitFor(id);
    expect(track).toMatchObject({ lifecycle: 'completed', fixCycles: 1 });
    expect(fixed).toEqual([false, true]);
    const verdicts = (await facts(test, id, 'evaluation.reported')).filter(
      ({ data }) => (data as { evaluator: string }).evaluator === 'structural',
    );
    expect(verdicts.map((event) => dataOf(event)['verdict'])).toEqual(['FAIL', 'PASS']);
    expect(dataOf(verdicts[0])['findings']).toContainEqual(
      expect.objectContaining({ code: 'BUSINESS_FLAG_MISSING', path: 'conductor/product.md', item: '1.1' }),
    );
    expect(await test.read('conductor/product-roadmap.md')).toContain('$39');
    await test.close();
  });

  it('writes what an agent without a disk answers, of its tier alone, and never over what a person wrote meanwhile', async () => {
    const roadmap = 'conductor/product-roadmap.md';
    const opened = await flagged(async ({ tier }) => {
      const first = opened.asks.length <= 2;
      if (tier === 2 && first) await opened.workspace.replace(roadmap, new TextEncoder().encode('Pro: $39. By Ada.\n'));
      const mine = {
        1: [{ path: 'conductor/product.md', text: '- Pro: $39/month\n' }],
        2: first ? [{ path: roadmap, text: '- Pro: $39/month\n' }] : [],
        3: [{ path: '.claude/skills/product-knowledge/SKILL.md', text: '- Pro: $39/month\n' }],
      }[tier];
      const foreign = ['conductor/research/prices.md', 'src/a.ts', '../../etc/pricing.json', roadmap];
      const wrong = foreign.map((path) => ({ path, text: 'Not mine' }));
      return { documents: [...(mine ?? []), ...(opened.asks.length === 3 ? wrong : []), null, { path: 1 }] };
    });
    const { test, id, asks, clock, api, read, close } = opened;
    await api.tracks.run(id);
    await clock.advance(600_000);
    expect((await api.tracks.waitFor(id)).lifecycle).toBe('completed');
    expect(asks.map(({ tier }) => tier)).toEqual([1, 2, 1, 1, 2, 3]);
    expect(await read(roadmap)).toBe('Pro: $39. By Ada.\n');
    expect(await read('src/a.ts')).toBeUndefined();
    expect(await read('conductor/research/prices.md')).toBe(archive);
    const failures = (await facts(test, id, 'effect.failed')).map((event) => String(dataOf(event)['message']));
    expect(failures[0]).toContain(`${roadmap} was changed by somebody else`);
    for (const word of ['prices.md is of tier 4', 'src/a.ts is no document', '../../etc/pricing.json is no document'])
      expect(failures[1]).toContain(word);
    await close();
  });
});
