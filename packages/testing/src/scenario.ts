import { foldTrack, initialTrack } from '@conductor/core';
import type { Assignment, EventEnvelope, LeaseKeeper, Outcome, Store } from '@conductor/core/ports';
import type { Agents, ExecutorContext } from '@conductor/core/plugin';
import { trackView } from '@conductor/engine';
import type { TestEngine } from './create-test-engine.js';

type Answer = Outcome | string;
type Play = (assignment: Assignment, context: ExecutorContext<undefined>) => Answer | Promise<Answer>;

/** Workers that a test steers: a held task waits until it is let go, a played one does as it was told, all else writes its files. */
export function steeredWorkers() {
  const held = new Map<string, { readonly opened: Promise<void>; readonly open: () => void }>();
  const plays = new Map<string, Play>();
  const calls: Assignment[] = [];
  const run: Play = async (assignment, context) => {
    calls.push(assignment);
    const name = 'task' in assignment ? assignment.task.id : assignment.role;
    const gate = held.get(name);
    if (gate) await Promise.race([gate.opened, aborted(context.signal)]);
    if (context.signal.aborted) return { status: 'cancelled', summary: 'Interrupted' };
    const play = plays.get(name);
    if (play) return play(assignment, context);
    if (!('task' in assignment)) return 'Nothing to do';
    for (const file of assignment.task.files) await context.workspace.write(file, `${assignment.task.title}\n`);
    return `Did ${assignment.task.id}`;
  };
  return {
    agents: { worker: async (assignment, context) => run(assignment, context) } satisfies Agents,
    /** Every call, in order. */
    calls,
    of: (name: string) => calls.filter((call) => 'task' in call && call.task.id === name),
    play: (name: string, play: Play) => void plays.set(name, play),
    hold(...names: readonly string[]) {
      for (const name of names) {
        let open = () => {};
        const opened = new Promise<void>((resolve) => (open = resolve));
        held.set(name, { opened, open });
      }
    },
    letGo(...names: readonly string[]) {
      for (const name of names) {
        held.get(name)?.open();
        held.delete(name);
      }
    },
  };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The keeper of an engine that is as good as dead: it renews nothing, and its engine is told nothing. */
export const deadKeeper: LeaseKeeper = {
  keep: () => ({ signal: new AbortController().signal, stop: async () => {} }),
};

/** The same store, telling which facts came through it. */
export function watchedStore(store: Store): { readonly store: Store; readonly wrote: { type: string; seq: number }[] } {
  const wrote: { type: string; seq: number }[] = [];
  return {
    wrote,
    store: {
      ...store,
      async commit(commit, o) {
        const result = await store.commit(commit, o);
        for (const { events, stream } of commit.appends)
          for (const { type } of events) if (stream !== 'project') wrote.push({ type, seq: result.lastSeq });
        return result;
      },
    },
  };
}

/** Facts of a track in order, optionally only of one type. */
export async function facts({ events }: TestEngine, id: string, type?: string): Promise<readonly EventEnvelope[]> {
  const all = await events();
  return all.filter((event) => event.stream === `track/${id}` && (type === undefined || event.type === type));
}

/** Edits of the plan that somebody wanted; not the short reports, which every evaluation leaves in it. */
export async function planEdits(test: TestEngine, id: string): Promise<readonly EventEnvelope[]> {
  return (await facts(test, id, 'plan.edited')).filter((event) => dataOf(event)['cause'] !== 'report');
}

/** The data of a fact, as its test knows it. */
export function dataOf(event: EventEnvelope | undefined): Readonly<Record<string, unknown>> {
  return (event?.data ?? {}) as Readonly<Record<string, unknown>>; // our own events carry objects
}

/** What a reader of the log alone says about a track: the law is that the API says the same. */
export async function replayed(engine: TestEngine, id: string): Promise<unknown> {
  return trackView(foldTrack(initialTrack(id), await facts(engine, id)));
}
