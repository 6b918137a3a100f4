import { ConductorError, withTimeout } from '@conductor/core';
import type { Clock, LeaseKeeper, Leases, OwnerId } from '@conductor/core/ports';

export interface LeaseKeeperOptions {
  readonly leases: Leases;
  readonly clock: Clock;
}

interface Terms {
  readonly ttlMs: number;
  readonly everyMs: number;
}

/**
 * Renews all sets of an owner in this event loop. Its signal aborts with LEASE_LOST when a renewal says that a set is
 * lost, or when `ttlMs - everyMs` have passed on the monotonic clock since the start of the last renewal that
 * succeeded: a holder gives up before the store gives its leases away. A renewal that fails for another reason is tried
 * again until then.
 */
export function leaseKeeper({ leases, clock }: LeaseKeeperOptions): LeaseKeeper {
  return Object.freeze({
    keep(owner: OwnerId, { ttlMs, everyMs }: Terms) {
      if (!(everyMs > 0 && everyMs * 2 <= ttlMs)) {
        throw new ConductorError('VALIDATION_FAILED', `A lease of ${ttlMs} ms cannot be renewed every ${everyMs} ms`, {
          hint: 'Renew at least twice in the life of a lease.',
        });
      }
      const lost = new AbortController();
      const stopped = new AbortController();
      const loop = renewUntil({ leases, clock, owner, ttlMs, everyMs }, stopped.signal).then((error) => {
        if (error !== undefined && !stopped.signal.aborted) lost.abort(error);
      });
      return Object.freeze({
        signal: lost.signal,
        async stop() {
          stopped.abort();
          await loop;
        },
      });
    },
  });
}

/** Resolves with what ended it, or with nothing after `signal`. */
async function renewUntil(
  o: LeaseKeeperOptions & Terms & { readonly owner: OwnerId },
  signal: AbortSignal,
): Promise<ConductorError | undefined> {
  const { clock, owner, ttlMs, everyMs } = o;
  let lastMs = clock.monotonic();
  let cause: unknown;
  while (!signal.aborted) {
    const leftMs = lastMs + ttlMs - everyMs - clock.monotonic();
    if (leftMs <= 0) return lostError(`No renewal of ${owner} succeeded in ${ttlMs - everyMs} ms`, cause);
    try {
      await clock.sleep(Math.min(everyMs, leftMs), { signal });
      const startMs = clock.monotonic();
      const timeoutMs = lastMs + ttlMs - everyMs - startMs;
      if (timeoutMs <= 0) continue;
      const { lost } = await withTimeout((inner) => o.leases.renew(owner, ttlMs, { signal: inner }), {
        timeoutMs,
        clock,
        signal,
      });
      if (lost.length > 0) return lostError(`${owner} lost ${lost.join(', ')}`, undefined);
      lastMs = startMs;
    } catch (error) {
      if (ConductorError.is(error, 'OWNER_UNKNOWN', 'CLOSED', 'STORE_FAILED'))
        return lostError(`${owner} cannot renew`, error);
      cause = error;
    }
  }
  return undefined;
}

function lostError(message: string, cause: unknown): ConductorError {
  return new ConductorError('LEASE_LOST', message, { cause });
}
