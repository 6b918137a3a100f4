import type { Json } from '@conductor/core/ports';

/** Reads what a view needs of an event's payload. Tolerant: events of newer versions and of plugins are shown as far as they go. */
export interface EventData {
  text(name: string): string;
  number(name: string): number;
  flag(name: string): boolean;
  /** Items of a list that are objects. */
  records(name: string): readonly EventData[];
  /** Items of a list that are texts. */
  texts(name: string): readonly string[];
  record(name: string): EventData;
  list(name: string): readonly Json[];
}

export function eventData(data: Json | undefined): EventData {
  const isRecord = typeof data === 'object' && data !== null && !Array.isArray(data);
  const get = (name: string): Json | undefined =>
    isRecord && Object.hasOwn(data, name) ? (data as Readonly<Record<string, Json>>)[name] : undefined; // an object that is no list
  const list = (name: string): readonly Json[] => {
    const value = get(name);
    return Array.isArray(value) ? (value as readonly Json[]) : []; // Array.isArray forgets readonly lists
  };
  return {
    text(name) {
      const value = get(name);
      return typeof value === 'string' ? value : '';
    },
    number(name) {
      const value = get(name);
      return typeof value === 'number' ? value : 0;
    },
    flag: (name) => get(name) === true,
    records: (name) => list(name).map(eventData),
    texts: (name) => list(name).filter((item) => typeof item === 'string'),
    record: (name) => eventData(get(name)),
    list,
  };
}
