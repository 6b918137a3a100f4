/**
 * A folded state as text: JSON whose maps and sets are marked, in the order of their members. `parseState(stateText(s))` is equal
 * to `s`; members that are `undefined` are left out.
 */
export function stateText(state: object): string {
  return JSON.stringify(state, (_key, value: unknown) => {
    if (isMap(value)) return { $map: [...value] };
    if (isSet(value)) return { $set: [...value] };
    // Data of events may look like a mark, and must not be taken for one.
    return isMarked(value) ? { $object: Object.entries(value) } : value;
  });
}

/** What `stateText` wrote. Only for text whose checksum was compared: its shape is not checked. */
export function parseState(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (!isMarked(value)) return value;
    if ('$map' in value) return new Map(value.$map as readonly (readonly [unknown, unknown])[]); // written above
    if ('$set' in value) return new Set(value.$set as readonly unknown[]); // written above
    return Object.fromEntries(value.$object as readonly (readonly [string, unknown])[]); // written above
  });
}

const marks = ['$map', '$set', '$object'];

type Marked = { readonly $map?: unknown; readonly $set?: unknown; readonly $object?: unknown };

function isMarked(value: unknown): value is Marked {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const [key, ...others] = Object.keys(value);
  return key !== undefined && others.length === 0 && marks.includes(key);
}

/** By what they can do: plans keep their tasks in maps and sets of their own. */
function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return isObject(value) && typeof value['get'] === 'function' && typeof value['entries'] === 'function';
}

function isSet(value: unknown): value is ReadonlySet<unknown> {
  return isObject(value) && typeof value['has'] === 'function' && typeof value['values'] === 'function';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
