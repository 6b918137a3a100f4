import type { Limits } from '@conductor/core';

/** Those of the limits that bind a store. */
export type StoreLimits = Pick<
  Limits,
  'eventBytes' | 'commitBytes' | 'commitEvents' | 'pageEvents' | 'followPollMs' | 'storeBusyMs'
>;

/** Only those, for a thread of another store. */
export function storeLimits(all: StoreLimits): StoreLimits {
  const { eventBytes, commitBytes, commitEvents, pageEvents, followPollMs, storeBusyMs } = all;
  return { eventBytes, commitBytes, commitEvents, pageEvents, followPollMs, storeBusyMs };
}

/** What the limits of a project say to a driver on this machine. */
export function storeOptions(all: StoreLimits) {
  const { followPollMs, storeBusyMs, ...limits } = storeLimits(all);
  return { followPollMs, storeBusyMs, limits };
}
