import { anySignal, ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import PQueue from 'p-queue';
import { priorities } from './critical-path.js';
import { createFileGate, type FileGate } from './file-gate.js';
import type { GraphNode, TaskGraph } from './graph.js';
import { mayRetry, pausedByFailures } from './isolation.js';
import { createRankedHeap, type RankedHeap } from './ranked-heap.js';
import { applyToDraft, draftOf, initialSchedule, type ScheduleEvent } from './scheduler.js';

/** What a task is run with. */
export type RunTask<N extends GraphNode, R> = (node: N, context: RunGraphContext) => Promise<R> | R;

/** How one task ended. */
export type TaskResult<R> =
  | { readonly status: 'done'; readonly value: R; readonly attempts: number }
  | { readonly status: 'failed'; readonly error: unknown; readonly attempts: number }
  /** Never started: these tasks above it failed. */
  | { readonly status: 'paused'; readonly because: readonly string[] }
  /** Never started: it waits on a cycle; `validateGraph` names it. */
  | { readonly status: 'unreachable' };

export interface RunGraphContext {
  /** Aborted with the run. */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly attempt: number;
}

export interface RunGraphOptions<R> {
  /** Tasks at once; default 5. */
  readonly concurrency?: number;
  /** Further attempts after a failure; default 0. */
  readonly retries?: number;
  /** Pause before a further attempt, which holds no slot; needs `clock`. Default 0. */
  readonly retryDelayMs?: number;
  readonly clock?: Pick<Clock, 'sleep'>;
  /** Tasks that are complete already: they are not run and have no result. */
  readonly done?: Iterable<string>;
  /** Called in the order of what happens; what it throws ends the run. */
  readonly onEvent?: (event: ScheduleEvent) => void;
  readonly onResult?: (id: string, result: TaskResult<R>) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs every task of a graph once its dependencies are done, `concurrency` at a time, never two that share a file unless
 * both are shareable. A failing task pauses what depends on it and nothing else, and never rejects the run: its error is
 * in the results, which name every task that was not in `done`, in plan order. An abort starts nothing more, waits for
 * what runs, and rejects with `signal.reason`. Apart from the tasks it costs O(nodes · log nodes + edges).
 */
export async function runGraph<N extends GraphNode, R>(
  graph: TaskGraph<N>,
  run: RunTask<N, R>,
  options: RunGraphOptions<R> = {},
): Promise<ReadonlyMap<string, TaskResult<R>>> {
  options.signal?.throwIfAborted();
  if ((options.retryDelayMs ?? 0) > 0 && !options.clock)
    throw new ConductorError('VALIDATION_FAILED', 'A retry delay needs a clock', { hint: 'Hand in options.clock.' });
  const stop = new AbortController();
  const linked = anySignal([options.signal, stop.signal]);
  try {
    return await new GraphRun(graph, run, options, stop, linked.signal).results();
  } finally {
    linked.dispose();
  }
}

/** One run: the scheduler says what may run, the heap what goes first, the file use what must wait, p-queue how many. */
class GraphRun<N extends GraphNode, R> {
  readonly #graph: TaskGraph<N>;
  readonly #run: RunTask<N, R>;
  readonly #options: RunGraphOptions<R>;
  readonly #stop: AbortController;
  readonly #signal: AbortSignal;
  readonly #queue: PQueue;
  readonly #schedule;
  readonly #startable: RankedHeap;
  readonly #files: FileGate;
  readonly #results = new Map<string, TaskResult<R>>();
  readonly #maxAttempts: number;
  #retryWaits = 0;
  #finish: () => void = () => {};

  constructor(
    graph: TaskGraph<N>,
    run: RunTask<N, R>,
    options: RunGraphOptions<R>,
    stop: AbortController,
    signal: AbortSignal,
  ) {
    this.#graph = graph;
    this.#run = run;
    this.#options = options;
    this.#stop = stop;
    this.#signal = signal;
    this.#queue = new PQueue({ concurrency: Math.max(1, Math.floor(options.concurrency ?? 5)) });
    this.#maxAttempts = 1 + Math.max(0, Math.floor(options.retries ?? 0));
    this.#schedule = draftOf(initialSchedule(graph, options.done));
    const rank = priorities(graph);
    this.#files = createFileGate(rank);
    this.#startable = createRankedHeap(rank, this.#schedule.ready);
  }

  async results(): Promise<ReadonlyMap<string, TaskResult<R>>> {
    await new Promise<void>((resolve) => {
      this.#finish = resolve;
      this.#goOn();
    });
    this.#signal.throwIfAborted();
    return this.#everyResult();
  }

  /** Fills the free slots; with nothing running and nothing to come, the run is over. */
  #goOn(): void {
    while (this.#queue.pending < this.#queue.concurrency && !this.#signal.aborted) {
      const id = this.#startable.pop();
      const node = id === undefined ? undefined : this.#graph.node(id);
      if (!node) break;
      const { entered, woken } = this.#files.enter(node);
      if (woken !== undefined) this.#startable.push(woken);
      if (entered) this.#start(node);
    }
    if (this.#queue.pending === 0 && this.#retryWaits === 0) this.#finish();
  }

  #start(node: N): void {
    const attempt = 1 + (this.#schedule.failures.get(node.id) ?? 0);
    this.#tell({ type: 'started', id: node.id });
    // Not inside the attempt: the slot counts as taken until p-queue has seen it settle.
    void this.#queue.add(() => this.#attempt(node, attempt)).then(() => this.#goOn());
  }

  async #attempt(node: N, attempt: number): Promise<void> {
    try {
      const value = await this.#run(node, { signal: this.#signal, attempt });
      this.#leave(node);
      this.#tell({ type: 'done', id: node.id });
      this.#settle(node.id, { status: 'done', value, attempts: attempt });
      for (const dependent of this.#graph.dependents(node.id)) this.#offer(dependent);
    } catch (error) {
      this.#leave(node);
      this.#failed(node.id, error, attempt);
    }
  }

  #failed(id: string, error: unknown, attempts: number): void {
    const final = !mayRetry(attempts, this.#maxAttempts);
    this.#tell({ type: 'failed', id, final });
    if (final) this.#settle(id, { status: 'failed', error, attempts });
    else void this.#retryLater(id);
  }

  async #retryLater(id: string): Promise<void> {
    const { retryDelayMs = 0, clock } = this.#options;
    if (retryDelayMs <= 0 || !clock) return this.#offer(id);
    this.#tell({ type: 'paused', id });
    this.#retryWaits += 1;
    // Only an abort ends the sleep early, and then the task is not offered: nothing starts any more.
    await clock.sleep(retryDelayMs, { signal: this.#signal }).catch(() => undefined);
    this.#retryWaits -= 1;
    this.#tell({ type: 'resumed', id });
    this.#offer(id);
    this.#goOn();
  }

  #offer(id: string): void {
    if (this.#schedule.ready.has(id)) this.#startable.push(id);
  }

  #leave(node: N): void {
    for (const woken of this.#files.leave(node)) this.#startable.push(woken);
  }

  #settle(id: string, result: TaskResult<R>): void {
    this.#results.set(id, result);
    this.#guarded(() => this.#options.onResult?.(id, result));
  }

  #tell(event: ScheduleEvent): void {
    applyToDraft(this.#schedule, event);
    this.#guarded(() => this.#options.onEvent?.(event));
  }

  /** A listener that throws is the caller's fault, not the task's: it ends the run. */
  #guarded(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#stop.abort(error);
    }
  }

  #everyResult(): ReadonlyMap<string, TaskResult<R>> {
    const failed = [...this.#results].filter(([, result]) => result.status === 'failed').map(([id]) => id);
    const causes = pausedByFailures(this.#graph, failed);
    const all = new Map<string, TaskResult<R>>();
    for (const { id } of this.#graph.nodes) {
      const result = this.#results.get(id);
      const because = causes.get(id);
      if (result) all.set(id, result);
      else if (because) all.set(id, { status: 'paused', because });
      else if (this.#schedule.status.get(id) !== 'done') all.set(id, { status: 'unreachable' });
    }
    return all;
  }
}
