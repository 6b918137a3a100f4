import type { EventEnvelope } from '@conductor/core/ports';
import type { EngineContext } from './engine-context.js';
import { whenAborted } from './when-aborted.js';

/**
 * Tells a host of each event after its commit, in order; a throw of the host is logged and costs nothing. After `signal` it
 * tells the rest of the log and ends, within `closeGraceMs`: a host that hangs keeps nothing open.
 */
export async function tellEvents(engine: EngineContext, signal: AbortSignal): Promise<void> {
  const { store, onEvent, logger, clock, limits } = engine;
  if (!onEvent) return;
  let after = await store.head();
  const tell = async (page: readonly EventEnvelope[]) => {
    for (const event of page) {
      try {
        await onEvent(event);
      } catch (error) {
        logger.error('onEvent failed', { event: event.id, error: String(error) });
      }
      after = event.seq;
    }
  };
  const live = async () => {
    try {
      for await (const page of store.follow({ after, signal })) await tell(page);
    } catch (error) {
      if (!signal.aborted) return logger.error('The feed for onEvent ended', { error: String(error) });
    }
    for await (const page of store.readAll({ after })) await tell(page);
  };
  const told = new AbortController();
  const hangs = async () => {
    await whenAborted(signal, told.signal);
    await clock.sleep(limits.closeGraceMs, { signal: told.signal });
    logger.warn(`onEvent did not end in ${limits.closeGraceMs} ms and is told no more`);
  };
  await Promise.race([live(), hangs()]).finally(() => {
    told.abort();
  });
}
