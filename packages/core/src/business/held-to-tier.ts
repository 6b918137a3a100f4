import type { Finding } from '../kernel/finding.js';
import type { BusinessDocument, BusinessTier } from './documents.js';

/** What became of a document while an agent worked: hashes, absent = there was no such file. */
export interface DocumentChange extends BusinessDocument {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** Changes that count, and those that do not, each with its finding. */
export interface HeldChanges {
  readonly accepted: readonly DocumentChange[];
  readonly refused: readonly { readonly change: DocumentChange; readonly finding: Finding }[];
}

/**
 * Holds an agent to the tier that it was asked for: archives are never edited, and a document of another tier is not its turn.
 * What has not changed is neither accepted nor refused.
 */
export function heldToTier(tier: BusinessTier, changes: readonly DocumentChange[]): HeldChanges {
  const changed = changes.filter(({ before, after }) => before !== after);
  return {
    accepted: changed.filter((change) => change.tier === tier && change.after !== undefined),
    refused: changed
      .filter((change) => change.tier !== tier || change.after === undefined)
      .map((change) => ({ change, finding: refusal(tier, change) })),
  };
}

function refusal(tier: BusinessTier, { path, tier: own }: DocumentChange): Finding {
  const what = { severity: 'error', path } as const;
  if (own === 4)
    return {
      ...what,
      code: 'ARCHIVE_CHANGED',
      message: `${path} is an archive and was changed`,
      hint: 'Archives are never edited.',
    };
  if (own !== tier)
    return {
      ...what,
      code: 'TIER_ORDER',
      message: `${path} is of tier ${own} and was changed while tier ${tier} was asked for`,
      hint: own < tier ? 'The source of truth was settled before.' : 'Its turn comes when the tiers above are settled.',
    };
  return {
    ...what,
    code: 'DOCUMENT_REMOVED',
    message: `${path} was removed`,
    hint: 'Documents are changed, not removed.',
  };
}
