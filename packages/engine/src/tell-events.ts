import type { EngineContext } from './engine-context.js';

/** Tells a host of each event after its commit, in order; a throw of the host is logged and costs nothing. */
export async function tellEvents({ store, onEvent, logger }: EngineContext, signal: AbortSignal): Promise<void> {
  if (!onEvent) return;
  const after = await store.head();
  try {
    for await (const page of store.follow({ after, signal })) {
      for (const event of page) {
        try {
          await onEvent(event);
        } catch (error) {
          logger.error('onEvent failed', { event: event.id, error: String(error) });
        }
      }
    }
  } catch (error) {
    if (!signal.aborted) logger.error('The feed for onEvent ended', { error: String(error) });
  }
}
