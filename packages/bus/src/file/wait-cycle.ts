/**
 * One cycle of workers that wait for each other (`a b` = a waits for b, b for a), from its least id on; `undefined` when
 * there is none. Workers that wait for nobody are peeled off until none is left (Kahn 1962); in what remains everybody
 * waits for somebody who remains, so following the waits comes back. O(workers + waits).
 */
export function findWaitCycle(waits: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const waiters = new Map<string, string[]>();
  const open = new Map<string, number>();
  const free: string[] = [];
  for (const [worker, targets] of waits) {
    open.set(worker, targets.size);
    if (targets.size === 0) free.push(worker);
    for (const target of targets) {
      const others = waiters.get(target);
      if (others) others.push(worker);
      else waiters.set(target, [worker]);
      if (!waits.has(target) && !open.has(target)) {
        open.set(target, 0);
        free.push(target);
      }
    }
  }
  for (const worker of free) {
    open.delete(worker);
    for (const waiter of waiters.get(worker) ?? []) {
      const left = (open.get(waiter) ?? 0) - 1;
      open.set(waiter, left);
      if (left === 0) free.push(waiter);
    }
  }
  return follow(waits, open);
}

function follow(
  waits: ReadonlyMap<string, ReadonlySet<string>>,
  stuck: ReadonlyMap<string, number>,
): readonly string[] | undefined {
  const path: string[] = [];
  const place = new Map<string, number>();
  let worker = [...stuck.keys()].sort()[0];
  while (worker !== undefined && !place.has(worker)) {
    place.set(worker, path.length);
    path.push(worker);
    worker = [...(waits.get(worker) ?? [])].filter((target) => stuck.has(target)).sort()[0];
  }
  if (worker === undefined) return undefined;
  const cycle = path.slice(place.get(worker));
  const least = cycle.indexOf([...cycle].sort()[0] ?? '');
  return [...cycle.slice(least), ...cycle.slice(0, least)];
}
