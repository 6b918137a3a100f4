import type { Json, NewEvent } from '../ports/values.js';

/** Data in one version of a type's shape as the next one has it. Pure, and total for everything that was ever written. */
export type Upcaster = (data: Json) => Json;

/** By event type: how version n becomes version n + 1, from n = 1 on, none left out. */
export type Upcasters = Readonly<Record<string, readonly Upcaster[]>>;

/**
 * Of our own events. Stored rows are never rewritten: a shape that has to change gets one more entry here, and every reader
 * of the engine sees the newest shape alone. Raise the `foldVersion` of the fold with it.
 */
export const upcasters: Upcasters = Object.freeze({
  // 1 → 2: a pause without a mode let running work end.
  'track.paused': [(data) => ({ mode: 'drain', ...membersOf(data) })],
});

/** The version of a type's shape that this build writes and reads. 1 for a type that it does not know. */
export function eventVersion(type: string, table: Upcasters = upcasters): number {
  return 1 + stepsOf(type, table).length;
}

/**
 * The event with its data in the newest shape that the table leads to. What is in it already, newer, or of an unknown type
 * comes back as the same object. O(steps).
 */
export function upcast<E extends NewEvent>(event: E, table: Upcasters = upcasters): E {
  const steps = stepsOf(event.type, table).slice(event.v - 1);
  if (steps.length === 0) return event;
  const data = steps.reduce((before, step) => step(before), event.data);
  return { ...event, v: event.v + steps.length, data };
}

function stepsOf(type: string, table: Upcasters): readonly Upcaster[] {
  const steps = Object.hasOwn(table, type) ? table[type] : undefined;
  return steps ?? [];
}

function membersOf(data: Json): Readonly<Record<string, Json>> {
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  return isObject ? (data as Readonly<Record<string, Json>>) : {}; // by the line above
}
