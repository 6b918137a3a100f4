import { ConductorError } from '../kernel/error.js';
import type { Clock, Logger } from '../ports/clock.js';
import type { BundleDefinition } from './define-plugin.js';
import type { DirectorDefinition } from './define-director.js';
import type { EvaluatorDefinition } from './define-evaluator.js';
import type { ExecutorDefinition } from './define-executor.js';
import { isPlugin, parseOptions } from './plugin.js';
import type { Maybe, Plugin, PluginContext } from './plugin.js';

/** A plugin with its options parsed: what an engine calls. */
export interface Opened<D> {
  readonly id: string;
  readonly definition: D;
  readonly options: unknown;
}

export interface OpenedPlugins {
  readonly evaluators: readonly Opened<EvaluatorDefinition>[];
  readonly directors: readonly Opened<DirectorDefinition>[];
  readonly executors: readonly Opened<ExecutorDefinition>[];
  /** Runs the teardowns of bundles in reverse order, once; never throws. */
  close(): Promise<void>;
}

export interface OpenPluginsOptions {
  readonly disable?: readonly string[] | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Flattens bundles, parses options once, refuses what does not fit. Throws `PLUGIN_INVALID`, `PLUGIN_FAILED`. */
export async function openPlugins(plugins: readonly Plugin[], o: OpenPluginsOptions): Promise<OpenedPlugins> {
  const opened = new Map<string, { kind: string; entry: Opened<unknown> }>();
  const teardowns: (() => unknown)[] = [];
  const close = async () => {
    for (const teardown of teardowns.splice(0).reverse()) {
      try {
        await teardown();
      } catch (error) {
        o.logger.error('A plugin failed while it was closed', { error: String(error) });
      }
    }
  };
  try {
    o.signal.throwIfAborted();
    for (const plugin of plugins) await open(plugin, o, opened, teardowns);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    evaluators: ofKind<EvaluatorDefinition>(opened, 'evaluator'),
    directors: ofKind<DirectorDefinition>(opened, 'director'),
    executors: ofKind<ExecutorDefinition>(opened, 'executor'),
    close,
  };
}

async function open(
  plugin: Plugin,
  o: OpenPluginsOptions,
  into: Map<string, { kind: string; entry: Opened<unknown> }>,
  teardowns: (() => unknown)[],
): Promise<void> {
  if (!isPlugin(plugin))
    throw invalid(String((plugin as { id?: unknown } | null | undefined)?.id), 'not made by a define function'); // a configuration may hold anything
  if (plugin.apiVersion !== 1) throw invalid(plugin.id, `apiVersion ${String(plugin.apiVersion)} where 1 is known`);
  if (o.disable?.includes(plugin.id)) return;
  if (into.has(plugin.id)) throw invalid(plugin.id, 'the id is listed twice');
  const options = await attempt(plugin.id, 'read its options', () => parseOptions(plugin));
  into.set(plugin.id, { kind: plugin.kind, entry: { id: plugin.id, definition: plugin.definition, options } });
  if (plugin.kind !== 'bundle') return;
  const bundle = plugin.definition as BundleDefinition; // the kind tells which define function made it
  const context: PluginContext<undefined> = Object.freeze({
    options: options as undefined, // the bundle's own schema produced it
    signal: o.signal,
    deadlineMs: 0,
    logger: o.logger.with({ plugin: plugin.id }),
    clock: o.clock,
  });
  const teardown = await attempt(bundle.id, 'was set up', () => bundle.setup?.(context));
  if (teardown) teardowns.push(teardown);
  const parts = await attempt(bundle.id, 'named its parts', () => [...(bundle.provides?.(context.options) ?? [])]);
  for (const part of parts) await open(part, o, into, teardowns);
}

/** Runs foreign code; whatever it throws becomes `PLUGIN_FAILED` with the plugin's name. */
async function attempt<T>(id: string, when: string, run: () => Maybe<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (ConductorError.is(cause, 'PLUGIN_INVALID')) throw cause;
    throw new ConductorError('PLUGIN_FAILED', `Plugin ${id} failed while it ${when}`, {
      details: { plugin: id },
      cause,
    });
  }
}

function ofKind<D>(opened: ReadonlyMap<string, { kind: string; entry: Opened<unknown> }>, kind: string): Opened<D>[] {
  return [...opened.values()].filter((item) => item.kind === kind).map((item) => item.entry as Opened<D>); // the kind fixes D
}

function invalid(id: string, reason: string): ConductorError {
  return new ConductorError('PLUGIN_INVALID', `Plugin ${id} cannot be used: ${reason}`, {
    details: { plugin: id, reason },
  });
}
