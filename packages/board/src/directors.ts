export { standardDirectors } from './directors/standard-directors.js';
export { roles } from './directors/roles.js';
export type { Criterion, Role } from './directors/roles.js';
export type { Check, Severity } from './directors/check.js';
export { BoardFacts, TaskFact, gatherBoardFacts, readBoardFacts } from './directors/facts.js';
export type { BoardFactsInput } from './directors/facts.js';
export { scanSecrets } from './directors/scan-secrets.js';
export type { SecretFinding } from './directors/scan-secrets.js';
