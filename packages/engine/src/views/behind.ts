import { instant } from '@conductor/core';
import type { EngineContext } from '../engine-context.js';
import { toldVersion } from './publish.js';

const pageItems = 500;

/** Tracks whose files tell less than the log, and that nobody runs. O(tracks): asked only after an engine has died. */
export async function tracksBehind(engine: EngineContext): Promise<readonly string[]> {
  const behind: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await engine.store.streams({ kind: 'track', limit: pageItems, ...(after !== undefined && { after }) });
    for (const { stream, version } of page) {
      const id = stream.slice('track/'.length);
      if ((await toldVersion(engine, id)) < version && !(await isRunElsewhere(engine, id))) behind.push(id);
    }
    after = page.at(-1)?.stream;
    if (page.length < pageItems) return behind;
  }
}

/** Whoever runs a track writes its files: two writers would take each other's bytes for somebody's edit. */
export async function isRunElsewhere({ store, owner, clock }: EngineContext, trackId: string): Promise<boolean> {
  const set = `track:${trackId}`;
  const { grants } = await store.leases.list({ prefix: set });
  const now = instant(clock.now());
  return grants.some((grant) => grant.set === set && grant.owner !== owner && grant.expiresAt > now);
}
