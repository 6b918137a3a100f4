import { makePlugin } from './plugin.js';
import type { DefinedPlugin, Maybe, Out, Plugin, PluginContext, Schema } from './plugin.js';

export interface BundleDefinition<S extends Schema = undefined> {
  id: string;
  version?: string;
  options?: S;
  provides?: (options: Out<S>) => readonly Plugin[];
  /** Once per open, in listed order; the returned teardown runs in reverse order. */
  setup?(context: PluginContext<Out<S>>): Maybe<(() => Maybe<void>) | void>;
}

export type BundlePlugin<S extends Schema = Schema> = DefinedPlugin<'bundle', S, BundleDefinition<S>>;

/** Several plugins under one name, with one set of options. */
export function definePlugin<S extends Schema = undefined>(definition: BundleDefinition<S>): BundlePlugin<S> {
  return makePlugin<'bundle', S, BundleDefinition<S>>('bundle', definition);
}
