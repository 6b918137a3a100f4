/** What a decision can change for the business (section 14): each names what has to be looked at. */
export const businessImpacts = ['pricing', 'model', 'tier', 'assets', 'market'] as const;
export type BusinessImpact = (typeof businessImpacts)[number];

/** Impacts in words, for commit messages, logs and agents. */
export const impactWords: Readonly<Record<BusinessImpact, string>> = Object.freeze({
  pricing: 'pricing tier, price or feature list',
  model: 'AI model, SDK or cost structure',
  tier: 'new package or tier',
  assets: 'assets pipeline',
  market: 'persona, go-to-market or revenue assumptions',
});

/** What can cause a synchronisation. */
export const businessTriggers = [
  'track-completed',
  'evaluation',
  'pricing-changed',
  'model-changed',
  'tier-added',
  'manual',
  'stale-data',
] as const;
export type BusinessTrigger = (typeof businessTriggers)[number];

/** What a trigger says by itself; `all`: every document of the tiers 1 to 3 is looked at, whatever the impact. */
export interface TriggerRule {
  readonly says: string;
  readonly impacts: readonly BusinessImpact[];
  readonly all: boolean;
}

const rule = (says: string, impacts: readonly BusinessImpact[] = [], all = false): TriggerRule =>
  Object.freeze({ says, impacts, all });

export const triggerRules: Readonly<Record<BusinessTrigger, TriggerRule>> = Object.freeze({
  'track-completed': rule('a track is complete'),
  evaluation: rule('an evaluation passed with a product decision'),
  'pricing-changed': rule('a price or the feature list of a tier changed', ['pricing']),
  'model-changed': rule('an AI model, an SDK or what it costs changed', ['model']),
  'tier-added': rule('a package or tier was added', ['tier'], true),
  manual: rule('somebody asked for it', [], true),
  'stale-data': rule('stale data was found while planning'),
});

/** Whole words that speak of an impact. Read only where a decision was flagged, so a word too many costs a look. */
const words: Readonly<Record<BusinessImpact, readonly string[]>> = {
  pricing: ['price', 'prices', 'priced', 'pricing', 'feature list', 'subscription', 'discount', 'free trial'],
  model: ['ai model', 'ai models', 'language model', 'llm', 'gpt', 'claude', 'gemini', 'sdk', 'cost structure'],
  tier: ['new tier', 'new package', 'another tier', 'additional tier', 'adds a tier', 'added a tier', 'tier added'],
  assets: ['asset', 'assets', 'assets pipeline'],
  market: ['persona', 'personas', 'go-to-market', 'gtm', 'revenue', 'target market', 'target audience'],
};

const patterns = businessImpacts.map((impact) => {
  const any = words[impact].map((word) => word.replaceAll(/[ -]/g, '[ -]')).join('|');
  return [impact, new RegExp(String.raw`(?<![\p{L}\p{N}_])(?:${any})(?![\p{L}\p{N}_])`, 'iu')] as const;
});

const maxText = 100_000;

/** Impacts that texts about a decision name, in the order of {@link businessImpacts}. Empty: nobody can tell, so all may be meant. */
export function impactsOf(texts: readonly string[]): readonly BusinessImpact[] {
  const text = texts.join('\n').slice(0, maxText);
  return patterns.filter(([, pattern]) => pattern.test(text)).map(([impact]) => impact);
}

/** The trigger that a flagged decision of a track stands for: the widest one that its impacts name. */
export function triggerOf(impacts: readonly BusinessImpact[]): BusinessTrigger {
  if (impacts.includes('tier')) return 'tier-added';
  if (impacts.includes('pricing')) return 'pricing-changed';
  return impacts.includes('model') ? 'model-changed' : 'evaluation';
}
