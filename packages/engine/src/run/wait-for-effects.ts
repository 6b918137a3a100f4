import { instant, parseInstant } from '@conductor/core';
import type { Action } from '@conductor/core';
import type { TrackSession } from './track-session.js';

/** Goes on with the first effect that ends, or fires the timer that is due. */
export async function waitForEffects(
  session: TrackSession,
  { until, timer }: Extract<Action, { do: 'wait' }>,
): Promise<void> {
  const { clock } = session.engine;
  if (until === undefined || timer === undefined) return session.wait();
  const ms = parseInstant(until) - clock.now();
  if (ms > 0) await session.wait(ms);
  if (parseInstant(until) > clock.now()) return;
  await session.execute([{ name: 'timer.fire', data: { timerId: timer, due: instant(clock.now()) } }]);
}
