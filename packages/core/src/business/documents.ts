import { triggerRules } from './impact.js';
import type { BusinessImpact, BusinessTrigger } from './impact.js';

/** 1 = source of truth, 2 = derived from it, 3 = skills, 4 = archives. */
export type BusinessTier = 1 | 2 | 3 | 4;

/** A tier with its rule, as an agent is told. */
export interface TierRule {
  readonly tier: BusinessTier;
  readonly name: string;
  readonly rule: string;
}

/** The tiers in the order in which they are written. */
export const businessTiers: readonly TierRule[] = Object.freeze([
  { tier: 1, name: 'source of truth', rule: 'Written first: the decision itself.' },
  { tier: 2, name: 'derived documents', rule: 'Made to match tier 1; tier 1 stays as it is.' },
  { tier: 3, name: 'skills', rule: 'Made to match tiers 1 and 2; these stay as they are.' },
  { tier: 4, name: 'archives', rule: 'Never edited.' },
]);

/** Kinds of documents that the checks know. */
export type BusinessKind =
  | 'product'
  | 'strategy'
  | 'tech-stack'
  | 'pricing-data'
  | 'roadmap'
  | 'guidelines'
  | 'prompts'
  | 'screen-map'
  | 'product-skill'
  | 'integration-skill'
  | 'archive';

/** One document of the business: where it lies and what concerns it. */
export interface BusinessDocument {
  readonly path: string;
  readonly tier: BusinessTier;
  readonly kind: BusinessKind;
}

interface Known {
  readonly tier: BusinessTier;
  readonly kind: BusinessKind;
  readonly concerns: readonly BusinessImpact[];
}

/** In the folder of the project's documents, in their order within a tier. */
const named = new Map<string, Known>([
  ['product.md', { tier: 1, kind: 'product', concerns: ['pricing', 'tier', 'assets', 'market'] }],
  ['business-strategy.md', { tier: 1, kind: 'strategy', concerns: ['pricing', 'model', 'tier', 'market'] }],
  ['tech-stack.md', { tier: 1, kind: 'tech-stack', concerns: ['model', 'assets'] }],
  ['product-roadmap.md', { tier: 2, kind: 'roadmap', concerns: ['pricing', 'tier', 'assets', 'market'] }],
  ['product-guidelines.md', { tier: 2, kind: 'guidelines', concerns: ['pricing', 'tier', 'market'] }],
  ['prompts.md', { tier: 2, kind: 'prompts', concerns: ['model', 'assets'] }],
  ['screen-map.md', { tier: 2, kind: 'screen-map', concerns: ['pricing', 'tier', 'assets'] }],
]);

const concernsOf: Readonly<Partial<Record<BusinessKind, readonly BusinessImpact[]>>> = {
  ...Object.fromEntries([...named.values()].map(({ kind, concerns }) => [kind, concerns])),
  'pricing-data': ['pricing', 'tier'],
  'product-skill': ['pricing', 'tier', 'assets', 'market'],
  'integration-skill': ['model'],
};

/** Built or vendored copies are nobody's source of truth. */
const generated = /(?:^|\/)(?:dist|build|out|coverage|vendor|tests?|__tests__|fixtures?|examples?|node_modules)\//i;
const pricingData = /(?:^|\/)pricing(?:[-_.](?:data|tiers|plans|config))?\.(?:json|ya?ml|[cm]?[jt]s)$/i;
const skill = /(?:^|\/)skills\/(?:[^/]+\/)*([^/]+)\/SKILL\.md$/;

/** Where documents of the business may lie, as globs of a workspace; `folder` is that of the project's documents. */
export function businessGlobs(folder: string): readonly string[] {
  const archives = [`${folder}/research`, `${folder}/archive`, `${folder}/archives`, 'research', 'docs/research'];
  const skills = ['.claude/skills', 'skills', `${folder}/skills`];
  return [
    `${folder}/*.md`,
    ...archives.map((at) => `${at}/**`),
    ...skills.map((at) => `${at}/**/SKILL.md`),
    '**/pricing*.{json,yaml,yml,js,mjs,cjs,ts,mts,cts}',
  ];
}

const maxPath = 1024;

/** What a path is to the business; `undefined`: nothing. The path is relative, with forward slashes. */
export function businessDocument(path: string, folder: string): BusinessDocument | undefined {
  // A path of an agent: what could lie elsewhere than it says is nothing.
  if (path.length > maxPath || /(?:^|[/\\])\.{1,2}(?:[/\\]|$)|\\|\p{Cc}/u.test(path)) return undefined;
  const inside = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
  const known = inside === undefined ? undefined : named.get(inside);
  if (known) return { path, tier: known.tier, kind: known.kind };
  if (/^(?:research|archives?)\//.test(inside ?? '') || /^(?:docs\/)?research\//.test(path))
    return { path, tier: 4, kind: 'archive' };
  const skilled = skill.exec(path)?.[1];
  if (skilled !== undefined) return skillDocument(path, skilled);
  if (inside?.startsWith('tracks/') === true || generated.test(path)) return undefined;
  return pricingData.test(path) ? { path, tier: 1, kind: 'pricing-data' } : undefined;
}

/** Of all skills only those that repeat what the business says. */
function skillDocument(path: string, name: string): BusinessDocument | undefined {
  if (/product/i.test(name)) return { path, tier: 3, kind: 'product-skill' };
  return /integration|sdk/i.test(name) ? { path, tier: 3, kind: 'integration-skill' } : undefined;
}

/** Tier by tier, within a tier in the order of the table, then by path. */
export function inTierOrder(documents: readonly BusinessDocument[]): readonly BusinessDocument[] {
  const kinds: readonly BusinessKind[] = [...named.values()].map(({ kind }) => kind);
  const place = ({ kind }: BusinessDocument) => (kinds.includes(kind) ? kinds.indexOf(kind) : kinds.length);
  return [...documents].sort(
    (a, b) => a.tier - b.tier || place(a) - place(b) || (a.path < b.path ? -1 : Number(a.path > b.path)),
  );
}

/** What is to be synchronised: the tiers 1 to 3 in their order, each with its documents in theirs. */
export interface SyncScope {
  readonly trigger: BusinessTrigger;
  readonly impacts: readonly BusinessImpact[];
  readonly tiers: readonly (TierRule & { readonly documents: readonly BusinessDocument[] })[];
}

/**
 * Documents that a decision concerns. Every document of the tiers 1 to 3 where the trigger says so or where nobody can tell the
 * impact; archives never. Tier 1 is always there, also empty: a decision needs a place.
 */
export function syncScope(
  trigger: BusinessTrigger,
  given: readonly BusinessImpact[],
  documents: readonly BusinessDocument[],
): SyncScope {
  const impacts = [...new Set([...triggerRules[trigger].impacts, ...given])];
  const all = triggerRules[trigger].all || impacts.length === 0 || impacts.includes('tier');
  const concerned = inTierOrder(documents).filter(
    ({ kind, tier }) => tier < 4 && (all || concernsOf[kind]?.some((impact) => impacts.includes(impact)) === true),
  );
  const tiers = businessTiers
    .filter(({ tier }) => tier < 4)
    .map((each) => ({ ...each, documents: concerned.filter(({ tier }) => tier === each.tier) }));
  return { trigger, impacts, tiers: tiers.filter(({ tier, documents: { length } }) => tier === 1 || length > 0) };
}
