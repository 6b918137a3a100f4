import type { Assessment, BoardForm, Facts, Proposal, Remark, Vote } from '../track/board-model.js';
import { makePlugin } from './plugin.js';
import type { DefinedPlugin, Maybe, Out, PluginContext, Schema } from './plugin.js';

/** What a director has heard when the discussion and the vote come. */
export interface Heard {
  readonly assessments: ReadonlyMap<string, Assessment>;
  readonly remarks: readonly Remark[];
}

/** Plain data: no files, no network of ours. */
export interface DirectorContext<O> extends PluginContext<O> {
  readonly proposal: Proposal;
  readonly facts: Facts;
  readonly form: BoardForm;
}

export interface DirectorDefinition<S extends Schema = undefined> {
  id: string;
  /** As in the minutes: CA, LEGAL. */
  code: string;
  title: string;
  options?: S;
  timeoutMs?: number;
  /** Blind: sees no other director. */
  assess(context: DirectorContext<Out<S>>): Maybe<Assessment>;
  /** Absent: silent. */
  discuss?(context: DirectorContext<Out<S>> & Heard & { round: number }): Maybe<readonly Remark[]>;
  /** Absent: follows its own assessment. */
  vote?(context: DirectorContext<Out<S>> & Heard & { own: Assessment }): Maybe<Vote>;
}

export type DirectorPlugin<S extends Schema = Schema> = DefinedPlugin<'director', S, DirectorDefinition<S>>;

/** A member of the board. */
export function defineDirector<S extends Schema = undefined>(definition: DirectorDefinition<S>): DirectorPlugin<S> {
  return makePlugin<'director', S, DirectorDefinition<S>>('director', definition);
}
