import { deepFreeze, instant } from '@conductor/core';
import type { BusMessage, Clock, Instant, Json, Opt } from '@conductor/core/ports';
import type { Publisher } from './publisher.js';
import { asked } from './streams.js';
import type { NatsStreams } from './streams.js';
import { encodeId } from './subjects.js';
import type { NatsNames } from './subjects.js';

/** An item that was given up, as it was pushed. */
export interface DeadLetter {
  readonly queue: string;
  readonly id: string;
  readonly body: Json;
  /** The attempt after which it was given up. */
  readonly attempt: number;
  readonly reason: string;
  readonly at: Instant;
}

/** Where the items go that are given up. */
export interface Burials {
  /** Keeps the item, then tells `queue/<name>/dead`. Twice the same is once. Throws BUS_FAILED. */
  bury(
    queue: string,
    item: { readonly id: string; readonly body: Json },
    attempt: number,
    reason: string,
  ): Promise<void>;
  /** Oldest first; ends with what is last when it gets there. One request a letter. */
  read(queue: string, o?: Opt): AsyncIterable<DeadLetter>;
}

interface BurialContext {
  readonly streams: NatsStreams;
  readonly names: NatsNames;
  readonly publisher: Publisher;
  readonly clock: Clock;
  publish(messages: readonly BusMessage[]): Promise<void>;
}

const maxReason = 4_096;

/** The stream of dead letters: items of all queues, with why, for a person to read and perhaps to push again. */
export function createBurials({ streams, names, publisher, clock, publish }: BurialContext): Burials {
  return {
    async bury(queue, { id, body }, attempt, why) {
      const reason = why.slice(0, maxReason);
      const at = instant(clock.now());
      const { dead, name } = names.ofQueue(queue);
      const letter: DeadLetter = { queue, id, body, attempt, reason, at };
      await streams.dead();
      const messageId = `${name}:${encodeId(id)}:${attempt}`;
      await publisher.send([{ subject: dead, messageId, payload: JSON.stringify(letter) }]);
      await publish([{ id: `${id}/dead`, topic: `queue/${queue}/dead`, body: { id, attempt, reason }, at }]);
    },

    async *read(queue, { signal } = {}) {
      signal?.throwIfAborted();
      await streams.dead();
      const { dead } = names.ofQueue(queue);
      for (let seq = 1; ;) {
        signal?.throwIfAborted();
        const query = { seq, next_by_subj: dead };
        const found = await asked(
          'The dead letters cannot be read',
          streams.manager.direct.getMessage(names.dead, query),
        );
        if (!found) return;
        seq = found.seq + 1;
        const letter = found.json<DeadLetter>();
        // Two long names of queues can share a subject.
        if (letter.queue === queue) yield deepFreeze(letter);
      }
    },
  };
}
