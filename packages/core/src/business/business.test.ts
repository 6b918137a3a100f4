import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  businessCommitMessage,
  businessDocument,
  businessGlobs,
  businessImpacts,
  businessTiers,
  businessTriggers,
  checkConsistency,
  heldToTier,
  impactsOf,
  impactWords,
  inTierOrder,
  readSyncFlag,
  staleSubject,
  syncScope,
  syncSubject,
  triggerOf,
  triggerRules,
} from './index.js';
import type { BusinessDocument } from './index.js';

const paths = [
  'conductor/research/market.md',
  '.claude/skills/stripe-integration/SKILL.md',
  '.claude/skills/product-knowledge/SKILL.md',
  'conductor/prompts.md',
  'conductor/product-roadmap.md',
  'conductor/product-guidelines.md',
  'conductor/screen-map.md',
  'src/data/pricing.ts',
  'conductor/tech-stack.md',
  'conductor/business-strategy.md',
  'conductor/product.md',
];
const documents = paths.flatMap((path) => businessDocument(path, 'conductor') ?? []);
const file = (path: string, text: string) => {
  const document = businessDocument(path, 'conductor');
  if (!document) throw new Error(`${path} is no document of the business`);
  return { ...document, text };
};
const scoped = (...args: Parameters<typeof syncScope>) =>
  syncScope(...args).tiers.map(({ documents: list }) => list.map(({ kind }) => kind));

describe('what a decision means for the business', () => {
  it('has five kinds of impact and seven triggers, and each trigger says what has to be looked at [BIZ-01]', () => {
    expect(businessImpacts.map((impact) => impactWords[impact])).toEqual([
      'pricing tier, price or feature list',
      'AI model, SDK or cost structure',
      'new package or tier',
      'assets pipeline',
      'persona, go-to-market or revenue assumptions',
    ]);
    expect(
      [
        'The price of Pro is $39 now',
        'We moved from gpt-4o to Claude',
        'The board wants a new tier for teams',
        'Icons come from the assets pipeline',
        'The persona of the buyer changed',
        'Renamed a variable, improved the model of a train, sat in tiers',
      ].map((text) => impactsOf([text])),
    ).toEqual([['pricing'], ['model'], ['tier'], ['assets'], ['market'], []]);
    expect(
      businessTriggers.map((trigger) => [trigger, triggerRules[trigger].impacts, triggerRules[trigger].all]),
    ).toEqual([
      ['track-completed', [], false],
      ['evaluation', [], false],
      ['pricing-changed', ['pricing'], false],
      ['model-changed', ['model'], false],
      ['tier-added', ['tier'], true],
      ['manual', [], true],
      ['stale-data', [], false],
    ]);
    expect(
      [['market', 'tier', 'pricing'], ['market', 'pricing', 'model'], ['model'], ['market'], []].map((impacts) =>
        triggerOf(impacts as never),
      ),
    ).toEqual(['tier-added', 'pricing-changed', 'model-changed', 'evaluation', 'evaluation']);
    // A pricing change reaches into the tiers 1 to 3, a model change other documents of them, a new tier all of them.
    expect(scoped('pricing-changed', [], documents)).toEqual([
      ['product', 'strategy', 'pricing-data'],
      ['roadmap', 'guidelines', 'screen-map'],
      ['product-skill'],
    ]);
    expect(scoped('model-changed', [], documents)).toEqual([
      ['strategy', 'tech-stack'],
      ['prompts'],
      ['integration-skill'],
    ]);
    const all = [
      ['product', 'strategy', 'tech-stack', 'pricing-data'],
      ['roadmap', 'guidelines', 'prompts', 'screen-map'],
      ['product-skill', 'integration-skill'],
    ].map((kinds) => [...kinds].sort());
    for (const trigger of ['tier-added', 'manual', 'stale-data', 'track-completed', 'evaluation'] as const)
      expect(
        scoped(trigger, [], documents).map((kinds) => [...kinds].sort()),
        trigger,
      ).toEqual(all);
    expect(scoped('evaluation', ['assets'], documents)).toEqual([
      ['product', 'tech-stack'],
      ['roadmap', 'prompts', 'screen-map'],
      ['product-skill'],
    ]);
  });

  it('is read off an answer or off the published lines of a summary', () => {
    expect(
      readSyncFlag({
        businessSyncRequired: true,
        businessSyncReason: ' Pro is $39 ',
        businessDocuments: ['product.md', 3],
      }),
    ).toEqual({
      required: true,
      reason: 'Pro is $39',
      documents: ['product.md'],
    });
    expect(
      readSyncFlag(
        undefined,
        'Did it.\n- **Business Doc Sync Required**: Yes\n- **Reason**: New price\n- **Documents**: product.md, prompts.md',
      ),
    ).toEqual({
      required: true,
      reason: 'New price',
      documents: ['product.md', 'prompts.md'],
    });
    for (const none of [
      undefined,
      null,
      'yes',
      [],
      { businessSyncRequired: 'true' },
      JSON.parse('{"__proto__":{"businessSyncRequired":true}}'),
    ])
      expect(readSyncFlag(none, 'Business Doc Sync Required: No').required).toBe(false);
  });
});

describe('documents of the business', () => {
  it('stand in three tiers in their order; archives are known and never in scope', () => {
    expect(inTierOrder(documents).map(({ tier, path }) => `${tier} ${path}`)).toEqual([
      '1 conductor/product.md',
      '1 conductor/business-strategy.md',
      '1 conductor/tech-stack.md',
      '1 src/data/pricing.ts',
      '2 conductor/product-roadmap.md',
      '2 conductor/product-guidelines.md',
      '2 conductor/prompts.md',
      '2 conductor/screen-map.md',
      '3 .claude/skills/product-knowledge/SKILL.md',
      '3 .claude/skills/stripe-integration/SKILL.md',
      '4 conductor/research/market.md',
    ]);
    expect(businessTiers.map(({ tier }) => tier)).toEqual([1, 2, 3, 4]);
    expect(scoped('manual', [], [])).toEqual([[]]);
    expect(businessGlobs('.conductor')).toContain('.conductor/*.md');
  });

  it.each([
    'README.md',
    'product.md',
    'conductor/tracks/a/product.md',
    'conductor/tracks/a/pricing.json',
    'conductor/deep/product.md',
    'dist/pricing.json',
    'test/pricing.ts',
    'src/pricing-page.tsx',
    '.claude/skills/loop-planner/SKILL.md',
    'conductor/tracks.md',
    'skills/../../product/SKILL.md',
    '../conductor/../src/pricing.json',
    'src\\pricing.json',
    `skills/${'a/'.repeat(600)}product/SKILL.md`,
  ])('are not anything else: %s', (path) => expect(businessDocument(path, 'conductor')).toBeUndefined());

  it('are held to the tier that is asked for', () => {
    const at = (path: string, before: string | undefined, after: string | undefined) => ({
      ...(businessDocument(path, 'conductor') as BusinessDocument),
      before,
      after,
    });
    const held = heldToTier(2, [
      at('conductor/product.md', 'a', 'b'),
      at('conductor/prompts.md', 'a', 'b'),
      at('conductor/screen-map.md', undefined, 'b'),
      at('conductor/product-roadmap.md', 'a', 'a'),
      at('conductor/product-guidelines.md', 'a', undefined),
      at('conductor/research/market.md', 'a', 'b'),
      at('.claude/skills/product-knowledge/SKILL.md', 'a', 'b'),
    ]);
    expect(held.accepted.map(({ path }) => path)).toEqual(['conductor/prompts.md', 'conductor/screen-map.md']);
    expect(held.refused.map(({ finding }) => `${finding.code} ${finding.path}`)).toEqual([
      'TIER_ORDER conductor/product.md',
      'DOCUMENT_REMOVED conductor/product-guidelines.md',
      'ARCHIVE_CHANGED conductor/research/market.md',
      'TIER_ORDER .claude/skills/product-knowledge/SKILL.md',
    ]);
  });
});

const product = file(
  'conductor/product.md',
  '# Product\n\n| Tier | Price | Seats |\n|---|---|---|\n| Free | $0 | 1 |\n| **Pro** | $29/month or $290/year | 5 |\n\n- **Team plan**: €99 per month\n',
);
const stack = file(
  'conductor/tech-stack.md',
  '# Stack\n\n- Text: Gemini 2.5 Flash\n- Images: gpt-image\n- Code: `claude-sonnet-4-5-20250929`\n- gpt-4o was replaced\n',
);
const found = (...others: readonly { path: string; text: string }[]) =>
  checkConsistency({ documents: [product, stack, ...others.map(({ path, text }) => file(path, text))] }).map(
    ({ code, path, line }) => `${code} ${path}${line === undefined ? '' : `:${line}`}`,
  );

describe('consistency', () => {
  it('asks that prices are those of product.md', () => {
    const strategy = (text: string) => found({ path: 'conductor/business-strategy.md', text });
    expect(strategy('Pro costs $29/month, or $290 per year.\n- Pro: $29\n- Team: 99 €\n')).toEqual([]);
    expect(strategy('# S\n\nPro costs $39/month.\n')).toEqual(['PRICE_MISMATCH conductor/business-strategy.md:3']);
    expect(strategy('- Team: $79 per month\n### Free – $5\n')).toEqual([
      'PRICE_MISMATCH conductor/business-strategy.md:1',
      'PRICE_MISMATCH conductor/business-strategy.md:2',
    ]);
    expect(strategy('| | Free | Pro |\n|-|-|-|\n| Price | $0 | $49 |\n')).toEqual([
      'PRICE_MISMATCH conductor/business-strategy.md:3',
    ]);
    // Revenue, budgets, words that only look like a tier, what was, and code are no prices of a tier.
    expect(
      strategy(
        '| Tier | Users | Revenue |\n|-|-|-|\n| Pro | 100 | $2,900 |\n\nOur team spends $500/month.\nPro was $19/month.\nPro brings $2,900.\n```\nPro: $1/month\n```\n',
      ),
    ).toEqual([]);
  });

  it('takes no amount for a price that only stands behind a word', () => {
    const text =
      '# Product\n\n- Goal: $10,000\n- Budget (2026): 500 €\n\n## Pricing\n\n- Solo: 1.999,50 €\n- Duo: $1,299.50\n- Trio – $5\n- Price: $7\n';
    const data = (content: string) =>
      checkConsistency({ documents: [file('conductor/product.md', text), file('pricing.json', content)] }).map(
        ({ code, message }) => `${code} ${message.split(' ')[1]}`,
      );
    expect(data('{"duo":{"price":1299.5},"trio":{"price":5}}')).toEqual(['TIER_MISSING Solo']);
    expect(data('{"duo":{"price":[1]},"trio":{"price":"free"},"x":{"price":-1},"y":null}')).toEqual([]);
    expect(data('[[{"price":5}],{"name":"Trio","price":{"monthly":5}}]')).toEqual([
      'TIER_MISSING Solo',
      'TIER_MISSING Duo',
    ]);
    const roadmap = (content: string) =>
      checkConsistency({
        documents: [file('conductor/product.md', text), file('conductor/product-roadmap.md', content)],
      }).map(({ line }) => line);
    expect(
      roadmap('- Goal: $20,000\n- Trio: $6\n| Trio | $7 |\n|---|---|\n| Trio | $8/month | was |\n| Duo | $9 |\n'),
    ).toEqual([2]);
    expect(roadmap('Duo and Trio are $3 per month.\nThe trio plan is $4/month, the Trio-like one $9/month.\n')).toEqual(
      [2, 2],
    );
    expect(checkConsistency({ documents: [file('pricing.json', '{"a":{"price":1}}')] })).toEqual([]);
  });

  it('asks that models are those of tech-stack.md', () => {
    const prompts = (text: string) => found({ path: 'conductor/prompts.md', text });
    expect(prompts('gemini-2.5-flash, Gemini 2.5, claude-sonnet-4.5 and Claude Sonnet 4-5\n')).toEqual([]);
    expect(prompts('```\nmodel: gemini-1.5-pro\n```\nGPT-4o mini\n')).toEqual([
      'MODEL_MISMATCH conductor/prompts.md:2',
      'MODEL_MISMATCH conductor/prompts.md:4',
    ]);
    expect(prompts('No longer gpt-4o. Gemini is fine, see docs/claude-3/x and o1.\n')).toEqual([]);
    expect(checkConsistency({ documents: [product, file('conductor/prompts.md', 'gpt-4o')] })).toEqual([]);
    const against = (known: string, named: string) =>
      checkConsistency({ documents: [file('conductor/tech-stack.md', known), file('conductor/prompts.md', named)] })
        .length;
    expect([
      against('gpt-4o', 'gpt-4o-2024-08-06'),
      against('gpt4o', 'gpt-4o-latest'),
      against('gpt-4o', 'gpt-4o-mini'),
    ]).toEqual([0, 0, 1]);
  });

  it('asks that the pricing data has the tiers of product.md, with their prices', () => {
    const right =
      '[{"id":"free","price":0},{"id":"pro","name":"Pro","price":{"monthly":29,"yearly":290}},{"id":"team","priceCents":9900}]';
    expect(found({ path: 'src/pricing.json', text: right })).toEqual([]);
    expect(
      found({
        path: 'src/pricing.json',
        text: '{"tiers":{"free":{"price":0},"pro":{"price":"$39"},"gold":{"price":5}}}',
      }),
    ).toEqual(['PRICE_MISMATCH src/pricing.json', 'TIER_UNKNOWN src/pricing.json', 'TIER_MISSING src/pricing.json']);
    const source =
      "export const tiers = [\n  { id: 'free', price: 0 },\n  { name: 'Pro', price: 39 }, // was 29\n  { name: 'Team', price: 99 },\n];\n";
    expect(found({ path: 'src/data/pricing.ts', text: source })).toEqual(['PRICE_MISMATCH src/data/pricing.ts']);
    expect(found({ path: 'src/data/pricing.ts', text: source.replace('39', '29') })).toEqual([]);
    expect(
      found({ path: 'pricing.yaml', text: 'free:\n  price: 0\npro:\n  monthly: 29\nteam:\n  monthly: 99\n' }),
    ).toEqual([]);
    expect(found({ path: 'pricing.json', text: '{"broken' })).toEqual([]);
  });

  it('asks that skills import what the code depends on, and never looks into archives', () => {
    const skill = file(
      '.claude/skills/stripe-integration/SKILL.md',
      "```ts\nimport Stripe from 'stripe';\nimport { x } from '@old/sdk/deep';\nimport fs from 'node:fs';\nimport a from './a';\n```\n",
    );
    const archive = file('conductor/research/old.md', 'Pro costs $9/month with gpt-3.5-turbo\n');
    const check = (dependencies?: ReadonlySet<string>) =>
      checkConsistency({ documents: [product, stack, skill, archive], dependencies }).map(({ code, line, message }) => [
        code,
        line,
        message.split(' ')[0],
      ]);
    expect(check(new Set(['stripe']))).toEqual([['SDK_MISMATCH', 3, '@old/sdk']]);
    expect(check()).toEqual([]);
  });

  it('is total on any text, and linear on hostile ones', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom(...paths), (text, path) => {
        expect(
          Array.isArray(checkConsistency({ documents: [product, stack, file(path, text)], dependencies: new Set() })),
        ).toBe(true);
      }),
    );
    for (const unit of ['$1', '| a ', '- a ', 'gpt-4-mini ', 'price: ', '{"a":', '- **', 'from "'])
      for (const path of paths)
        checkConsistency({ documents: [product, stack, file(path, unit.repeat(50_000))], dependencies: new Set() });
  });
});

describe('the commit of a synchronisation', () => {
  it('says what it is about on one line [BIZ-04]', () => {
    expect(businessCommitMessage('Pro is $39')).toBe('docs: sync business docs — Pro is $39');
    expect(businessCommitMessage(syncSubject(['\n Pro is\n$39. '], ['pricing'], 'x'))).toBe(
      'docs: sync business docs — Pro is $39',
    );
    expect(businessCommitMessage(syncSubject([' '], ['model', 'tier'], 'x'))).toBe(
      'docs: sync business docs — AI model, SDK or cost structure; new package or tier',
    );
    expect(businessCommitMessage(syncSubject([], [], 'Team prices'))).toBe('docs: sync business docs — Team prices');
    expect(businessCommitMessage(syncSubject([], [], undefined))).toBe('docs: sync business docs — all documents');
    const long = businessCommitMessage('ä'.repeat(500));
    expect(long.split('\n')).toHaveLength(1);
    expect([...long].length).toBeLessThan(140);
    const codes = ['SDK_MISMATCH', 'TIER_UNKNOWN', 'PRICE_MISMATCH', 'MODEL_MISMATCH', 'TIER_ORDER'].map((code) => ({
      code,
    }));
    expect(staleSubject(codes)).toBe('stale prices, tiers, model names, SDK imports');
    expect(staleSubject([{ code: 'TIER_ORDER' }])).toBeUndefined();
  });
});
