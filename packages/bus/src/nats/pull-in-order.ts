import { pull } from './pull.js';
import type { Pulled, PullOptions } from './pull.js';

export interface OrderedPullOptions extends PullOptions {
  /** Awaited before the server is asked for more. */
  room(): Promise<void>;
}

/**
 * Reads a consumer without acknowledgements, batch after batch, for as long as nothing is missing: ends where a message does
 * not follow on the one before it, where a request was lost, or when the signal aborts. Throws BUS_FAILED.
 */
export async function pullInOrder({ room, onMessage, signal, ...options }: OrderedPullOptions): Promise<void> {
  const ending = new AbortController();
  const end = () => ending.abort();
  let expected = 1;
  const onNext = (message: Pulled) => {
    // The rest of the batch comes again, behind the last one that was right.
    if (ending.signal.aborted || message.consumerSeq !== expected) return end();
    expected += 1;
    onMessage(message);
  };
  if (signal.aborted) return;
  signal.addEventListener('abort', end, { once: true });
  try {
    for (;;) {
      await room();
      if ((await pull({ ...options, signal: ending.signal, onMessage: onNext })) === 'lost') return;
    }
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
