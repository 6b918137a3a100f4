import type { TrackEventData, TrackEventType } from './events.js';
import type { BudgetLimits, Step } from './model.js';

type Event<T extends TrackEventType> = TrackEventData<T>;
type Given<T extends TrackEventType, K extends string> = Omit<Event<T>, K>;

/**
 * Every command of a track with its data: the event's own payload, less what `decide` computes. Facts that need I/O
 * (texts, hashes, evidence, ids, what is due when) are gathered by the shell and travel in the data.
 */
export interface TrackCommands {
  'track.create': Event<'track.created'>;
  'track.import': Event<'track.imported'>;
  'track.specify': Given<'track.specified', 'revision'>;
  'track.configure': Event<'track.configured'>;
  'track.ready': Event<'track.readied'>;
  'track.activate': Event<'track.activated'>;
  /** Without a mode running work may end first. */
  'track.pause': { reason?: string | undefined; mode?: 'drain' | 'now' | undefined };
  'track.resume': Event<'track.resumed'>;
  'track.fail': Event<'track.failed'>;
  'track.retry': Event<'track.retried'>;
  'track.cancel': Event<'track.cancelled'>;
  'track.archive': Event<'track.archived'>;
  'track.complete': Event<'track.completed'>;
  'loop.start': {
    owner: string;
    host: string;
    until?: Step | undefined;
    task?: string | undefined;
    budget?: BudgetLimits | undefined;
    baseline?: string | undefined;
  };
  'loop.stop': Event<'loop.stopped'>;
  'step.start': Event<'step.started'>;
  'step.pass': Given<'step.passed', 'rule' | 'next'>;
  'step.fail': Given<'step.failed', 'rule' | 'next'>;
  'step.override': Given<'step.overridden', 'from'>;
  'effect.start': Given<'effect.started', 'try'>;
  'effect.fail': Given<'effect.failed', 'final' | 'asks'> & { retryable: boolean };
  'effect.interrupt': Given<'effect.interrupted', 'recoveries'>;
  'process.record': Event<'process.spawned'>;
  'plan.submit': Given<'plan.submitted', 'revision'>;
  'plan.edit': Given<'plan.edited', 'revision'>;
  'task.start': Given<'task.started', 'gen' | 'attempt' | 'recovery'>;
  'task.report': Event<'task.reported'>;
  'task.complete': Event<'task.completed'>;
  'task.fail': Given<'task.failed', 'attempt' | 'final'>;
  'task.interrupt': Given<'task.interrupted', 'recoveries'>;
  'task.block': Event<'task.blocked'>;
  'task.mark': Event<'task.marked'>;
  'lease.wait': Event<'lease.waited'>;
  'lease.extend': Event<'lease.extended'>;
  'work.discover': Event<'work.discovered'>;
  'phase.complete': Event<'phase.completed'>;
  'completion.record': Event<'completion.recorded'>;
  'evaluation.report': Event<'evaluation.reported'>;
  'condition.add': Event<'condition.added'>;
  'condition.verify': Event<'condition.verified'>;
  'board.convene': Event<'board.convened'>;
  'board.conclude': Event<'board.concluded'>;
  'decision.request': Event<'decision.requested'> & { blockerId: string; rule: string };
  'decision.give': Event<'decision.given'>;
  'decision.apply': { approvalId: string };
  'blocker.resolve': Event<'blocker.resolved'>;
  'budget.set': Event<'budget.set'>;
  'budget.exhaust': Event<'budget.exhausted'>;
  'edit.note': Event<'edit.noted'>;
  'timer.fire': Event<'timer.fired'>;
}

export type TrackCommandName = keyof TrackCommands;
export type TrackCommand = {
  readonly [N in TrackCommandName]: { readonly name: N; readonly data: TrackCommands[N] };
}[TrackCommandName];
