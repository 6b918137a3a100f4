/** Ids by rank, lowest first. */
export interface RankedHeap {
  readonly size: number;
  push(id: string): void;
  pop(): string | undefined;
}

/** Binary heap (Williams 1964): filling it is O(n) (Floyd 1964), each change O(log n). Equal ranks come in any order. */
export function createRankedHeap(rank: (id: string) => number, ids: Iterable<string> = []): RankedHeap {
  const heap = [...ids].map((id) => ({ id, rank: rank(id) }));
  const rankAt = (index: number) => heap[index]?.rank ?? Infinity;

  const swap = (a: number, b: number) => {
    const [first, second] = [heap[a], heap[b]];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  };
  const sink = (from: number) => {
    for (let index = from; ;) {
      const left = 2 * index + 1;
      const child = rankAt(left + 1) < rankAt(left) ? left + 1 : left;
      if (rankAt(child) >= rankAt(index)) return;
      swap(index, child);
      index = child;
    }
  };
  for (let index = (heap.length >> 1) - 1; index >= 0; index--) sink(index);

  return {
    get size() {
      return heap.length;
    },
    push(id) {
      heap.push({ id, rank: rank(id) });
      for (let index = heap.length - 1; index > 0;) {
        const parent = (index - 1) >> 1;
        if (rankAt(parent) <= rankAt(index)) return;
        swap(index, parent);
        index = parent;
      }
    },
    pop() {
      swap(0, heap.length - 1);
      const top = heap.pop();
      sink(0);
      return top?.id;
    },
  };
}
