import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Clock, Logger } from '../ports/clock.js';
import { ConductorError } from '../kernel/error.js';

/** Any validation library that speaks Standard Schema, or none. */
export type Schema = StandardSchemaV1 | undefined;
export type In<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : undefined;
export type Out<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : undefined;
export type Maybe<T> = T | Promise<T>;

export const pluginKinds = ['evaluator', 'director', 'executor', 'bundle'] as const;
export type PluginKind = (typeof pluginKinds)[number];

/** What every `define…` returns: frozen data. Nothing is registered until it stands in `plugins` of a configuration. */
export interface Plugin<K extends string = string, S extends Schema = Schema> {
  readonly kind: K;
  /** `vendor/name`; built-ins have no slash. */
  readonly id: string;
  readonly apiVersion: 1;
  /** Binds options and returns a new plugin. */
  with(options: In<S>): Plugin<K, S>;
}

/** What every call of a plugin gets. The context dies with the call. */
export interface PluginContext<O> {
  readonly options: O;
  /** Ends at the deadline, on cancel and on close. */
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What a loader reads of a plugin beside its public face. */
export interface DefinedPlugin<K extends string, S extends Schema, D> extends Plugin<K, S> {
  readonly definition: D;
  /** Options bound by `with`; parsed once when a project opens. */
  readonly input: unknown;
}

const idPattern = /^(?:[a-z0-9-]{1,64}\/)?[a-z0-9-]{1,64}$/;

/** Makes the frozen value behind every `define…`. Throws `PLUGIN_INVALID` on an id that is not `vendor/name`. */
export function makePlugin<K extends PluginKind, S extends Schema, D extends { readonly id: string }>(
  kind: K,
  definition: D,
  input?: unknown,
): DefinedPlugin<K, S, D> {
  if (!idPattern.test(definition.id)) {
    throw new ConductorError(
      'PLUGIN_INVALID',
      `The id ${JSON.stringify(definition.id)} of a plugin is not vendor/name`,
      {
        hint: 'Use lower-case letters, digits and dashes: acme/license-header.',
        details: { plugin: definition.id, reason: 'id' },
      },
    );
  }
  const own = Object.freeze({ ...definition });
  return Object.freeze({
    kind,
    id: own.id,
    apiVersion: 1,
    definition: own,
    input,
    with: (options: In<S>) => makePlugin<K, S, D>(kind, own, options),
  });
}

/** True for values made by a `define…` of this or another copy of the package. */
export function isPlugin(
  value: unknown,
): value is DefinedPlugin<PluginKind, Schema, { readonly id: string; readonly options?: Schema }> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    pluginKinds.some((kind) => kind === value.kind) &&
    'definition' in value &&
    'apiVersion' in value
  );
}

/** Parses the bound options, `{}` when nothing was bound. Throws `PLUGIN_INVALID` with the issues. */
export async function parseOptions(
  plugin: DefinedPlugin<PluginKind, Schema, { readonly id: string; readonly options?: Schema }>,
): Promise<unknown> {
  const schema = plugin.definition.options;
  if (!schema) return undefined;
  const result = await schema['~standard'].validate(plugin.input ?? {});
  if (!result.issues) return result.value;
  throw new ConductorError('PLUGIN_INVALID', `The options of plugin ${plugin.id} do not fit its schema`, {
    hint: result.issues.map((issue) => issue.message).join('; '),
    details: {
      plugin: plugin.id,
      reason: 'options',
      issues: result.issues.map((issue) => ({ message: issue.message })),
    },
  });
}
