import type { Finding } from '../kernel/finding.js';
import { impactWords } from './impact.js';
import type { BusinessImpact } from './impact.js';

const maxWhat = 100;

/** What a synchronisation is about, on one line: the reason that was given, else its impacts, else the name. */
export function syncSubject(
  reasons: readonly string[],
  impacts: readonly BusinessImpact[],
  name: string | undefined,
): string {
  const line = reasons.map(oneLine).find((reason) => reason !== '');
  if (line !== undefined) return cut(line);
  if (impacts.length > 0) return cut(impacts.map((impact) => impactWords[impact]).join('; '));
  return cut(oneLine(name ?? '') || 'all documents');
}

const stale: readonly (readonly [code: RegExp, words: string])[] = [
  [/^PRICE_/, 'prices'],
  [/^TIER_(?:UNKNOWN|MISSING)/, 'tiers'],
  [/^MODEL_/, 'model names'],
  [/^SDK_/, 'SDK imports'],
];

/** What does not fit, in a few words, where nobody has said what was decided; `undefined` where all fits. */
export function staleSubject(findings: readonly Pick<Finding, 'code'>[]): string | undefined {
  const found = stale.filter(([code]) => findings.some((finding) => code.test(finding.code ?? '')));
  return found.length === 0 ? undefined : `stale ${found.map(([, words]) => words).join(', ')}`;
}

/** The message of the one commit that a synchronisation makes. */
export function businessCommitMessage(what: string): string {
  return `docs: sync business docs — ${cut(oneLine(what)) || 'all documents'}`;
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim()
    .replace(/[.;:,]+$/u, '');
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length > maxWhat ? `${characters.slice(0, maxWhat - 1).join('')}…` : text;
}
