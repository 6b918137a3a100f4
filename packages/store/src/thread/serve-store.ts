import { ConductorError } from '@conductor/core';
import type { Batches, Store } from '@conductor/core/ports';
import { iterations, methods, sentError } from './messages.js';
import type { Abort, Answer, Call, Hello, StorePort } from './messages.js';

type Method = (...args: readonly unknown[]) => unknown;

/** Further methods of a store, such as its upkeep, by name. */
export type Extras = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

/**
 * Answers the calls that `remoteStore` sends through a port, with a store of this thread. Resolves when the other side has
 * closed the store. A store that cannot be opened is told to the other side and not thrown here.
 */
export async function serveStore(port: StorePort, opening: Promise<{ store: Store; extras?: Extras }>): Promise<void> {
  const hello = (message: Hello) => port.postMessage(message);
  let opened: Awaited<typeof opening>;
  try {
    opened = await opening;
  } catch (error) {
    return hello({ refused: sentError(error) });
  }
  const { store, extras = {} } = opened;
  const running = new Map<number, AbortController>();
  const known = methodsOf(store, extras);
  const closed = new Promise<void>((resolve) => {
    known.set('close', async () => {
      await store.close();
      resolve();
    });
  });
  const answer = (message: Answer) => port.postMessage(message);

  const run = async ({ id, call, args, signal }: Call): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const method = known.get(call);
      if (method === undefined) throw new ConductorError('UNSUPPORTED', `The store has no method ${call}`);
      answer({ id, value: await method(...(signal ? withSignal(args, controller.signal) : args)) });
    } catch (error) {
      answer({ id, error: sentError(error) });
    } finally {
      running.delete(id);
    }
  };

  port.on('message', (message) => {
    // Only `remoteStore` holds the other end.
    const asked = message as Call | Abort;
    if ('abort' in asked) running.get(asked.abort)?.abort();
    else void run(asked);
  });
  const { driver, id } = store;
  hello({ hello: { driver, id } });
  return closed;
}

function withSignal(args: readonly unknown[], signal: AbortSignal): readonly unknown[] {
  return [...args.slice(0, -1), { ...(args.at(-1) as object | undefined), signal }];
}

function methodsOf(store: Store, extras: Extras): Map<string, Method> {
  const found = new Map<string, Method>();
  const add = (part: string, target: object, names: readonly string[]) => {
    for (const name of names)
      // The cast: a method is called with what the other side was called with, which has the same type.
      found.set(`${part}.${name}`, (...args) => (target as Record<string, Method>)[name]?.(...args));
  };
  add('store', store, methods.store);
  add('leases', store.leases, methods.leases);
  add('records', store.records, methods.records);
  add('subscriptions', store.subscriptions, methods.subscriptions);
  add('extras', extras, Object.keys(extras));
  for (const [name, method] of [...ownerMethods(store), ...iterationMethods(store)]) found.set(name, method);
  return found;
}

/** A handle of an owner stays here; the other side knows it by its name, of which one at a time is open. */
function ownerMethods({ leases }: Store): readonly (readonly [string, Method])[] {
  const owners = new Map<string, { close(): Promise<void> }>();
  return [
    [
      'leases.openOwner',
      async (o) => {
        const handle = await leases.openOwner(o as Parameters<typeof leases.openOwner>[0]);
        owners.set(handle.owner, handle);
      },
    ],
    [
      'leases.closeOwner',
      async (owner) => {
        const handle = owners.get(owner as string);
        owners.delete(owner as string);
        await handle?.close();
      },
    ],
  ];
}

interface OpenIteration {
  readonly pages: AsyncIterator<unknown>;
  /** Ends the waiting of a page that is being asked for. */
  readonly stop: AbortController;
}

/** Pages are handed out one by one, as they are asked for. */
function iterationMethods(store: Store): readonly (readonly [string, Method])[] {
  const open = new Map<number, OpenIteration>();
  let last = 0;
  const begin = (start: (signal: AbortSignal) => Batches) => {
    const stop = new AbortController();
    last += 1;
    open.set(last, { pages: start(stop.signal)[Symbol.asyncIterator](), stop });
    return last;
  };
  return [
    // The casts: as in methodsOf.
    ...iterations.map(
      (name) =>
        [
          `begin.${name}`,
          (...args: readonly unknown[]) =>
            begin((signal) => (store[name] as (...args: readonly unknown[]) => Batches)(...withSignal(args, signal))),
        ] as const,
    ),
    [
      'next',
      async (iteration, o) => {
        const found = open.get(iteration as number);
        if (found === undefined) return { done: true };
        const { signal } = o as { readonly signal?: AbortSignal };
        const stop = () => found.stop.abort();
        signal?.addEventListener('abort', stop, { once: true });
        try {
          return await found.pages.next();
        } finally {
          signal?.removeEventListener('abort', stop);
        }
      },
    ],
    [
      'end',
      async (iteration) => {
        const found = open.get(iteration as number);
        open.delete(iteration as number);
        found?.stop.abort();
        await found?.pages.return?.();
      },
    ],
  ];
}
