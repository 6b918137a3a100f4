import { ConductorError } from '../kernel/error.js';
import type { AnyErrorCode } from '../kernel/error-codes.js';
import { canonicalJson } from '../kernel/json.js';
import type { EventEnvelope, NewEvent } from '../ports/values.js';
import type { Command, DecideContext, Decider } from '../track/decider.js';

/** A fact as a test writes it: version 1 and no payload unless said. */
export type GivenEvent = Pick<NewEvent, 'type'> & Partial<NewEvent>;

/** An event as a test expects it: its type alone, or the parts that matter. */
export type ExpectedEvent = string | GivenEvent;

/** What a decision led to. */
export interface Decided<S> {
  readonly events: readonly NewEvent[];
  /** The state with these events folded in. */
  readonly state: S;
}

/** A decision that a test is about to judge. */
export interface Decision<S> {
  /** Passes when exactly these events were decided, in this order, or when the decision was refused with this code. */
  then(expected: readonly ExpectedEvent[] | AnyErrorCode): Decided<S>;
}

/** A state made of facts, to be asked. */
export interface Given<S, C extends Command> {
  readonly state: S;
  when(command: C, context?: Partial<DecideContext>): Decision<S>;
}

const defaultContext: DecideContext = { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'user', id: 'tester' } };

/**
 * Tests a decider in its own words: `given(track, 'greet_20260101', events).when(command).then(['track.completed'])`.
 * Failures are errors with `expected` and `actual`, which test runners show as a difference.
 */
export function given<S, C extends Command, A>(
  decider: Decider<S, C, A>,
  id: string,
  events: readonly GivenEvent[] = [],
): Given<S, C> {
  const stream = `${decider.kind}/${id}`;
  const state = fold(decider, decider.initial(id), stream, 0, events);
  return {
    state,
    when(command, context) {
      let decided: readonly NewEvent[] = [];
      let refusal: ConductorError | undefined;
      try {
        decided = decider.decide(state, command, { ...defaultContext, ...context });
      } catch (error) {
        if (!ConductorError.is(error)) throw error;
        refusal = error;
      }
      return {
        // oxlint-disable-next-line no-thenable -- given, when, then is the language; nobody awaits a decision
        then(expected) {
          if (typeof expected === 'string') expectRefusal(command.name, expected, refusal, decided);
          else expectEvents(command.name, expected, refusal, decided);
          return { events: decided, state: fold(decider, state, stream, events.length, decided) };
        },
      };
    },
  };
}

function fold<S, C extends Command, A>(
  decider: Decider<S, C, A>,
  from: S,
  stream: string,
  version: number,
  events: readonly GivenEvent[],
): S {
  let state = from;
  for (const [index, event] of events.entries())
    state = decider.evolve(state, envelope(stream, version + index + 1, event));
  return state;
}

function envelope(stream: string, version: number, event: GivenEvent): EventEnvelope {
  const { at, actor } = defaultContext;
  const place = { id: `${stream}@${version}`, seq: version, stream, version, commit: version };
  return { ...place, at, actor, correlation: {}, v: 1, data: {}, ...event };
}

function expectRefusal(
  name: string,
  code: string,
  refusal: ConductorError | undefined,
  decided: readonly NewEvent[],
): void {
  if (refusal?.code === code) return;
  throw mismatch(`${name} should be refused with ${code}`, code, refusal?.code ?? decided, refusal);
}

function expectEvents(
  name: string,
  expected: readonly ExpectedEvent[],
  refusal: ConductorError | undefined,
  decided: readonly NewEvent[],
): void {
  const wanted = expected.map((event) => (typeof event === 'string' ? { type: event } : event));
  if (refusal !== undefined)
    throw mismatch(`${name} was refused with ${refusal.code}: ${refusal.message}`, wanted, refusal.code, refusal);
  const actual = decided.map((event, index) => sameParts(event, wanted[index]));
  if (canonicalJson(wanted) === canonicalJson(actual)) return;
  throw mismatch(`${name} decided other events`, wanted, actual);
}

/** Only what the test speaks of is compared; an event too many is shown whole. */
function sameParts(event: NewEvent, wanted: GivenEvent | undefined): GivenEvent {
  if (wanted === undefined) return event;
  return {
    type: event.type,
    ...('v' in wanted ? { v: event.v } : {}),
    ...('data' in wanted ? { data: event.data } : {}),
  };
}

function mismatch(message: string, expected: unknown, actual: unknown, cause?: unknown): Error {
  const text = `${message}\n  expected ${JSON.stringify(expected)}\n  actual   ${JSON.stringify(actual)}`;
  return Object.assign(new Error(text, { cause }), { expected, actual, showDiff: true });
}
