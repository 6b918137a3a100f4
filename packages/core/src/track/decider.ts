import type { ActorRef, EventEnvelope, Instant, NewEvent } from '../ports/values.js';

/** All that a decision may know beside state and command: ids come inside commands, so a repeat decides the same. */
export interface DecideContext {
  readonly at: Instant;
  readonly actor: ActorRef;
}

/** A command in transit: `name` is imperative (`task.complete`), `data` fits the schema of that name. */
export interface Command {
  readonly name: string;
  readonly data: unknown;
}

/**
 * The three pure functions of one kind of stream. (Shape: Emmett's decider, Dudycz; originally Chassaing's.)
 * `decide` refuses by throwing a `ConductorError`; `[]` means "already so". `evolve` is total: an unknown type returns
 * the same state object. `nextAction` reads no clock.
 */
export interface Decider<S, C extends Command, A = never> {
  readonly kind: string;
  /** Raised when `evolve` changes: invalidates cached folds, never events. */
  readonly foldVersion: number;
  initial(id: string): S;
  decide(state: S, command: C, context: DecideContext): readonly NewEvent[];
  evolve(state: S, event: EventEnvelope): S;
  nextAction?(state: S): A;
}
