import type { Lifecycle } from './model.js';

export type LifecycleOperation =
  'ready' | 'activate' | 'pause' | 'resume' | 'fail' | 'retry' | 'cancel' | 'archive' | 'complete';

interface Move {
  readonly from: readonly Lifecycle[];
  readonly to: Lifecycle;
}

/** The outer machine of a track; every other pair is an `INVALID_STATE`. */
export const lifecycleMoves: Readonly<Record<LifecycleOperation, Move>> = Object.freeze({
  ready: { from: ['draft'], to: 'ready' },
  activate: { from: ['ready'], to: 'active' },
  pause: { from: ['active'], to: 'paused' },
  resume: { from: ['paused'], to: 'active' },
  complete: { from: ['active'], to: 'completed' },
  fail: { from: ['active', 'paused'], to: 'failed' },
  retry: { from: ['failed'], to: 'draft' },
  // `active` too: cancelling a running track ends its run first.
  cancel: { from: ['draft', 'ready', 'active', 'paused', 'failed'], to: 'cancelled' },
  archive: { from: ['completed', 'cancelled'], to: 'archived' },
});

/** Lifecycles from which nothing leads back to work. */
export const ended: readonly Lifecycle[] = ['completed', 'cancelled', 'archived'];
