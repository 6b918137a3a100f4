import { ConductorError } from '@conductor/core';
import type { Commit } from '@conductor/core/ports';

const actorKinds: ReadonlySet<unknown> = new Set(['user', 'agent', 'engine', 'system', 'foreign']);
const instantShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const maxLength = 65_536;
/** Halves of surrogate pairs, which UTF-8 cannot carry. */
const unwritable = /\p{Cs}/u;

/**
 * Refuses what no export could carry: a time that is none, an unknown kind of actor, members that are no texts. Further members
 * are kept, for later versions. Throws VALIDATION_FAILED.
 */
export function checkMeta({ at, actor, correlation, causation }: Commit['meta']): void {
  if (!isInstantText(at)) throw refused('at', 'an instant such as 2026-01-31T12:00:00.000Z');
  if (!isActor(actor)) throw refused('actor', 'a kind of actor, an id and other texts');
  if (correlation !== undefined && !areTexts(correlation)) throw refused('correlation', 'texts');
  if (causation !== undefined && !isText(causation)) throw refused('causation', 'a text');
}

/** An instant in UTC, as a text. */
export function isInstantText(value: unknown): value is string {
  return typeof value === 'string' && instantShape.test(value);
}

/** Who does something: a known kind, an id, and other texts. */
export function isActor(value: unknown): boolean {
  if (!areTexts(value)) return false;
  const { kind, id } = value;
  return actorKinds.has(kind) && id !== undefined;
}

/** An object whose members are texts. */
export function areTexts(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const member of Object.values(value)) if (!isText(member)) return false;
  return true;
}

/** A text that every driver gives back as it was. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxLength && !unwritable.test(value);
}

function refused(member: keyof Commit['meta'], wanted: string): ConductorError {
  return new ConductorError('VALIDATION_FAILED', `meta.${member} of a commit must be ${wanted}`);
}
