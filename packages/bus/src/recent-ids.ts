/** Remembers the newest ids: whether one was seen not long ago. */
export interface RecentIds {
  has(id: string): boolean;
  add(id: string): void;
}

/** Above `maxIds` the oldest are forgotten. Each call O(1). */
export function createRecentIds(maxIds: number): RecentIds {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add(id) {
      ids.add(id);
      const [oldest] = ids;
      if (ids.size > maxIds && oldest !== undefined) ids.delete(oldest);
    },
  };
}
