// What a decision means for the business
export { businessImpacts, businessTriggers, impactsOf, impactWords, triggerOf, triggerRules } from './impact.js';
export type { BusinessImpact, BusinessTrigger, TriggerRule } from './impact.js';
export { readSyncFlag } from './sync-flag.js';
export type { SyncFlag } from './sync-flag.js';

// Documents, tier by tier
export { businessDocument, businessGlobs, businessTiers, inTierOrder, syncScope } from './documents.js';
export type { BusinessDocument, BusinessKind, BusinessTier, SyncScope, TierRule } from './documents.js';
export { heldToTier } from './held-to-tier.js';
export type { DocumentChange, HeldChanges } from './held-to-tier.js';

// Checks and words of the commit
export { checkConsistency } from './check-consistency.js';
export type { BusinessText, BusinessTexts } from './check-consistency.js';
export { businessCommitMessage, staleSubject, syncSubject } from './commit-message.js';
