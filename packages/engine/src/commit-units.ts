import { ConductorError, instant } from '@conductor/core';
import type { Command, Decider } from '@conductor/core';
import type {
  ActorRef,
  Append,
  Commit,
  CommitResult,
  Correlation,
  EventEnvelope,
  NewEvent,
  StreamId,
} from '@conductor/core/ports';
import type { EngineContext } from './engine-context.js';

/** One stream's share of a commit: commands decided one by one on a folded draft. */
export interface Unit {
  readonly stream: StreamId;
  /** Loads, decides, and tells what to append; called again after a version conflict. */
  decide(context: {
    readonly at: string;
    readonly actor: ActorRef;
  }): Promise<{ readonly version: number; readonly events: readonly NewEvent[] }>;
}

export interface CommitOptions {
  readonly actor: ActorRef;
  readonly correlation?: Correlation | undefined;
  readonly fence?: Commit['fence'];
  readonly leases?: Commit['leases'];
  readonly records?: Commit['records'];
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Committed extends CommitResult {
  readonly appends: readonly Append[];
}

/** Decides commands of one stream in order, each on the state that the ones before it lead to. */
export function decideAll<S, C extends Command>(
  decider: Decider<S, C, unknown>,
  start: S,
  version: number,
  commands: readonly C[],
  context: { readonly at: string; readonly actor: ActorRef },
): readonly NewEvent[] {
  const events: NewEvent[] = [];
  let draft = start;
  for (const command of commands) {
    for (const event of decider.decide(draft, command, context)) {
      events.push(event);
      draft = decider.evolve(draft, envelopeOf(event, version + events.length, context));
    }
  }
  return events;
}

/** A fact as it will be read, for the drafts above: place and order are not known yet. */
function envelopeOf(
  event: NewEvent,
  version: number,
  { at, actor }: { readonly at: string; readonly actor: ActorRef },
): EventEnvelope {
  return { ...event, id: `draft@${version}`, seq: 0, stream: 'draft', version, commit: 0, at, actor, correlation: {} };
}

/**
 * Writes units as ONE commit. A version conflict decides everything again, at most `decideRetries` times, then
 * `CONTENTION`. Nothing to append and no lease change: no commit, `undefined`.
 */
export async function commitUnits(
  engine: Pick<EngineContext, 'store' | 'clock' | 'limits'>,
  units: readonly Unit[],
  o: CommitOptions,
): Promise<Committed | undefined> {
  for (let tries = 0; ; tries += 1) {
    const at = instant(engine.clock.now());
    const appends = await decideUnits(units, { at, actor: o.actor });
    if (appends.length === 0 && !o.leases?.length && !o.records?.length) return undefined;
    try {
      const { actor, correlation, signal, ...rest } = o;
      const result = await engine.store.commit({ appends, meta: { at, actor, correlation }, ...rest }, { signal });
      return { ...result, appends };
    } catch (error) {
      if (!ConductorError.is(error, 'VERSION_CONFLICT')) throw error;
      if (tries >= engine.limits.decideRetries) {
        throw new ConductorError(
          'CONTENTION',
          `${tries + 1} conflicts in a row on ${units.map((unit) => unit.stream).join(', ')}`,
          { cause: error },
        );
      }
    }
  }
}

async function decideUnits(
  units: readonly Unit[],
  context: { readonly at: string; readonly actor: ActorRef },
): Promise<readonly Append[]> {
  const appends: Append[] = [];
  for (const unit of units) {
    const { version, events } = await unit.decide(context);
    if (events.length > 0) appends.push({ stream: unit.stream, expectedVersion: version, events });
  }
  return appends;
}
