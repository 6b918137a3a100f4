import { expectTypeOf } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import type { Action } from './actions.js';
import type { TrackCommand, TrackCommandName, TrackCommands } from './commands.js';
import type { Decider } from './decider.js';
import { trackEvent } from './events.js';
import { isTrackEvent } from './evolve.js';
import type { TrackEventData, TrackEventType } from './events.js';
import type { Step, StepStatus, TrackState } from './model.js';
import { track } from './track.js';

// The payload of an event follows from its type.
expectTypeOf(trackEvent('track.paused', { mode: 'now' })).toEqualTypeOf<NewEvent>();
// @ts-expect-error -- there is no such mode
trackEvent('track.paused', { mode: 'later' });
// @ts-expect-error -- the evaluator is missing
trackEvent('evaluation.reported', { visit: 1, effect: 'e', verdict: 'PASS', findings: [], evidence: [] });
// @ts-expect-error -- there is no such event
trackEvent('track.exploded', {});
expectTypeOf<TrackEventData<'step.passed'>['next']>().toEqualTypeOf<{ step: Step; status: StepStatus }>();

const type: string = 'track.paused';
if (isTrackEvent(type)) expectTypeOf(type).toEqualTypeOf<TrackEventType>();

// What decide computes is not the caller's to say.
expectTypeOf<TrackCommands['step.pass']>().not.toHaveProperty('next');
expectTypeOf<TrackCommands['task.start']>().not.toHaveProperty('attempt');
expectTypeOf<TrackCommands['task.fail']>().not.toHaveProperty('final');
expectTypeOf<TrackCommands['plan.submit']>().not.toHaveProperty('revision');
expectTypeOf<TrackCommand['name']>().toEqualTypeOf<TrackCommandName>();
expectTypeOf<Extract<TrackCommand, { name: 'loop.stop' }>['data']['reason']>().toEqualTypeOf<string>();

expectTypeOf(track).toExtend<Decider<TrackState, TrackCommand, Action>>();
expectTypeOf<Extract<Action, { do: 'close' }>['outcome']>().toEqualTypeOf<'pass' | 'fail'>();
