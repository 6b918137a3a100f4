export { readGoal, isNoGoal } from './read-goal.js';
export type { GoalReading, Unclear } from './read-goal.js';
export { intentOf, intentOfType, intents } from './intent.js';
export type { Intent } from './intent.js';
export { complexities, complexityOf } from './complexity.js';
export type { Complexity, ComplexityFacts } from './complexity.js';
export { conflictingTracks, matchingTracks } from './match-tracks.js';
export type { OpenTrack } from './match-tracks.js';
export { specOfGoal } from './goal-spec.js';
