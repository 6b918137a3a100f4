import type { Json } from '../ports/values.js';

/** Of a payload; the rest of a 64 KiB bus message is left to the envelope. */
const maxPayloadBytes = 56 * 1024;

/** Tried in turn until the payload fits. */
const cuts = [
  { characters: 16_384, items: 2000 },
  { characters: 4096, items: 500 },
  { characters: 1024, items: 100 },
  { characters: 256, items: 20 },
];

/** The payload, with long texts and lists cut as little as needed to fit a bus message. */
export function fitPayload(payload: Readonly<Record<string, Json>>): Record<string, Json> {
  for (const cut of cuts) {
    const fitted = Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, cutValue(value, cut)]));
    if (new TextEncoder().encode(JSON.stringify(fitted)).length <= maxPayloadBytes) return fitted;
  }
  return Object.fromEntries(
    Object.entries(payload)
      .filter(([, value]) => typeof value !== 'object')
      .map(shortest),
  );
}

function shortest([key, value]: [string, Json]): [string, Json] {
  return [key, cutValue(value, { characters: 64, items: 0 })];
}

function cutValue(value: Json, cut: (typeof cuts)[number]): Json {
  if (typeof value === 'string')
    return value.length > cut.characters
      ? `${value.slice(0, cut.characters - 1).replace(/[\uD800-\uDBFF]$/u, '')}…`
      : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, cut.items).map((item: Json) => cutValue(item, cut));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cutValue(item, cut)]));
}
