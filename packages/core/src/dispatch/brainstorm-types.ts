// A file of its own: the rules of a track ask only for this list, and the core's root stays small.

/** Types of tracks that may begin with BRAINSTORM (T2): architectural and creative ones. */
export const brainstormTypes: readonly string[] = Object.freeze([
  'architecture',
  'creative',
  'design',
  'design-system',
  'screens',
  'ui',
]);
