/** What waits for one reader. */
export interface Mailbox<T> {
  push(item: T): void;
  /** Lets the reader have what is here, and then ends. */
  end(): void;
  /** Lets the reader have what is here, and then rejects once with the reason. */
  fail(reason: unknown): void;
  /** Items that wait and may not be lost: whoever can wait, waits with more. */
  readonly waiting: number;
  readonly iterator: AsyncIterableIterator<T>;
}

export interface MailboxOptions<T> {
  /** Above it the oldest lossy item goes, or the oldest at all. */
  readonly maxItems: number;
  isLossy(item: T): boolean;
  readonly signal: AbortSignal | undefined;
  /** Called once, whichever way the reading ends. */
  onEnd(): void;
  /** Called when the reader has taken an item. */
  onTaken?(): void;
}

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(reason: unknown): void;
}

/** A bounded buffer between a publisher that never waits and one reader that may be slow. */
export function createMailbox<T>({ maxItems, isLossy, signal, onEnd, onTaken }: MailboxOptions<T>): Mailbox<T> {
  const buffer = createBuffer<T>(maxItems, isLossy);
  const readers: Reader<T>[] = [];
  let failures: readonly unknown[] = [];
  let ended = false;

  const end = () => {
    if (ended) return;
    ended = true;
    signal?.removeEventListener('abort', onAbort);
    onEnd();
    for (const reader of readers.splice(0)) reader.resolve({ done: true, value: undefined });
  };
  const fail = (reason: unknown) => {
    if (ended) return;
    const reader = readers.shift();
    if (reader) reader.reject(reason);
    else failures = [reason];
    end();
  };
  const onAbort = () => {
    buffer.clear();
    for (const reader of readers.splice(0)) reader.reject(signal?.reason);
    end();
  };
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });

  const iterator: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => iterator,
    async next(): Promise<IteratorResult<T, undefined>> {
      signal?.throwIfAborted();
      const item = buffer.shift();
      if (item) {
        onTaken?.();
        return { done: false, value: item.value };
      }
      for (const reason of failures) {
        failures = [];
        throw reason;
      }
      if (ended) return { done: true, value: undefined };
      return new Promise((resolve, reject) => readers.push({ resolve, reject }));
    },
    async return() {
      buffer.clear();
      failures = [];
      end();
      return { done: true, value: undefined };
    },
  };

  return {
    iterator,
    end,
    fail,
    get waiting() {
      return buffer.kept;
    },
    push(item) {
      if (ended) return;
      const reader = readers.shift();
      if (reader) reader.resolve({ done: false, value: item });
      else buffer.push(item);
    },
  };
}

interface Numbered<T> {
  readonly n: number;
  readonly value: T;
}

/** Two queues with one numbering, so that the oldest lossy item is found at once and the order is kept. */
function createBuffer<T>(maxItems: number, isLossy: (item: T) => boolean) {
  const lossy: Numbered<T>[] = [];
  const kept: Numbered<T>[] = [];
  let n = 0;
  return {
    get kept() {
      return kept.length;
    },
    push(value: T) {
      if (lossy.length + kept.length >= maxItems) (lossy.length > 0 ? lossy : kept).shift();
      (isLossy(value) ? lossy : kept).push({ n: n++, value });
    },
    shift(): Numbered<T> | undefined {
      const [first, second] = [lossy[0], kept[0]];
      return (first && (!second || first.n < second.n) ? lossy : kept).shift();
    },
    clear() {
      lossy.length = 0;
      kept.length = 0;
    },
  };
}
