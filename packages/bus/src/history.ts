import { ConductorError } from '@conductor/core';
import type { BusMessage } from '@conductor/core/ports';

/** A message with the place at which a later subscription can go on. */
export type Delivered = BusMessage & { readonly cursor: string };

/** The last messages of a bus, for readers that come back. */
export interface History {
  add(message: BusMessage): Delivered;
  /** What came after a cursor, oldest first, as far as it is still here. Throws CURSOR_INVALID for a cursor of another bus. */
  after(cursor: string): readonly Delivered[];
}

/** Keeps the newest `maxMessages`. `epoch` tells this bus from one before it: cursors do not survive a restart. */
export function createHistory(maxMessages: number, epoch: string): History {
  let kept: Delivered[] = [];
  let head = 0;
  return {
    add(message) {
      head += 1;
      const delivered = Object.freeze({ ...message, cursor: `${epoch}-${head}` });
      kept.push(delivered);
      // Cut rarely and half: cutting each time would copy everything for every message.
      if (kept.length >= 2 * maxMessages) kept = kept.slice(-maxMessages);
      return delivered;
    },
    after(cursor) {
      const position = cursor.startsWith(`${epoch}-`) ? Number(cursor.slice(epoch.length + 1)) : NaN;
      if (!Number.isSafeInteger(position) || position < 0 || position > head)
        throw new ConductorError('CURSOR_INVALID', `${JSON.stringify(cursor.slice(0, 64))} is no cursor of this bus`);
      const missing = Math.min(head - position, maxMessages, kept.length);
      return missing === 0 ? [] : kept.slice(-missing);
    },
  };
}
