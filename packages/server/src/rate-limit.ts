import { ConductorError, canonicalJson } from '@conductor/core';
import type { ActorRef, Clock } from '@conductor/core/ports';

interface Bucket {
  tokens: number;
  at: number;
}

/** Above this many actors, those who have not been heard for a minute are forgotten: their buckets are full again. */
const maxIdleBuckets = 1000;

/**
 * At most `perMinute` requests a minute for each actor, in any mix of bursts and pauses (token bucket). Each call takes
 * one; throws RATE_LIMITED with `details.retryAfterMs`. O(1), O(actors) once a thousand of them were seen.
 */
export function rateLimit(perMinute: number, clock: Clock): (actor: ActorRef) => void {
  const buckets = new Map<string, Bucket>();
  const perMs = perMinute / 60_000;
  return (actor) => {
    const now = clock.monotonic();
    if (buckets.size >= maxIdleBuckets) {
      for (const [key, { at }] of buckets) if (now - at >= 60_000) buckets.delete(key);
    }
    const key = canonicalJson(Object.entries(actor));
    const bucket = buckets.get(key) ?? { tokens: perMinute, at: now };
    const tokens = Math.min(perMinute, bucket.tokens + (now - bucket.at) * perMs);
    buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    if (tokens >= 1) return;
    throw new ConductorError('RATE_LIMITED', `More than ${perMinute} requests a minute`, {
      details: { limit: perMinute, retryAfterMs: Math.ceil((1 - tokens) / perMs) },
    });
  };
}
