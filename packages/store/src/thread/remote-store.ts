import { ConductorError } from '@conductor/core';
import type { Batches, Claim, Commit, CommitResult, EventEnvelope, Grant, Opt, Store } from '@conductor/core/ports';
import { closedError } from '../rules/wake.js';
import { methods, receivedError } from './messages.js';
import type { Answer, Call, Hello, Iteration, StorePort } from './messages.js';

export interface RemoteStoreOptions {
  /** The other end is held by `serveStore`, in another thread. */
  readonly port: StorePort;
  /** Settles when the thread has ended by itself; everything that was asked of it then fails. */
  readonly ended?: Promise<unknown> | undefined;
  /** Called when the store is closed, and when it could not be opened. */
  readonly onClose?: (() => Promise<void> | void) | undefined;
}

/** A store of another thread, and how to call its further methods. */
export interface RemoteStore extends Store {
  /** Calls a method that `serveStore` was given as an extra. */
  extra(name: string, args: readonly unknown[]): Promise<unknown>;
}

/** Hears what a call came to that was aborted when it was done already; true: it is answered all the same. */
type Late = (value: unknown) => boolean;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A store whose work is done in another thread: this one goes on while a commit is synced or a log is read. The same port,
 * the same rules, the same errors; what is handed over is copied, and has to be plain data. An `extend` that is granted there
 * in the moment in which it is aborted here leaves its keys with the set. Rejects with what opening the store threw there;
 * STORE_FAILED when the thread has ended.
 */
export async function remoteStore({ port, ended, onClose }: RemoteStoreOptions): Promise<RemoteStore> {
  const waiting = new Map<number, Waiting>();
  let lost: ConductorError | undefined;
  let closing: Promise<void> | undefined;
  let last = 0;

  const opened = new Promise<Hello>((resolve, reject) => {
    port.on('message', (message) => {
      // Only `serveStore` holds the other end.
      const said = message as Answer | Hello;
      if (!('id' in said)) return resolve(said);
      const call = waiting.get(said.id);
      waiting.delete(said.id);
      if ('error' in said) call?.reject(receivedError(said.error));
      else call?.resolve(said.value);
    });
    const end = (): void => {
      lost = new ConductorError('STORE_FAILED', 'The thread of the store has ended');
      for (const call of waiting.values()) call.reject(lost);
      waiting.clear();
      reject(lost);
    };
    void ended?.then(end, end);
  });

  const send = (call: string, args: readonly unknown[], signal?: AbortSignal, late?: Late): Promise<unknown> => {
    if (lost !== undefined) return Promise.reject(lost);
    last += 1;
    const id = last;
    const answer = new Promise<unknown>((resolve, reject) => {
      post(port, { id, call, args, signal: signal !== undefined });
      waiting.set(id, { resolve, reject });
    });
    if (signal === undefined) return answer;
    return abortable(answer, signal, () => port.postMessage({ abort: id }), late);
  };

  const call = async (name: string, args: readonly unknown[], late?: Late): Promise<unknown> => {
    if (closing !== undefined) throw closedError();
    const { signal, plain } = split(args);
    signal?.throwIfAborted();
    return send(name, plain, signal, late);
  };

  async function* iterate(name: Iteration, args: readonly unknown[], options: Opt): Batches {
    const { signal, ...rest } = options;
    signal?.throwIfAborted();
    const iteration = await call(`begin.${name}`, [...args, rest]);
    try {
      for (;;) {
        const page = (await call('next', [iteration, { signal }])) as IteratorResult<readonly EventEnvelope[]>;
        if (page.done === true) return;
        yield page.value;
      }
    } finally {
      if (lost === undefined && closing === undefined) await send('end', [iteration]);
    }
  }

  const hello = await opened.catch(async (error: unknown) => {
    await onClose?.();
    throw error;
  });
  if ('refused' in hello) {
    await onClose?.();
    throw receivedError(hello.refused);
  }

  const close = async (): Promise<void> => {
    try {
      if (lost === undefined) await send('close', []);
    } finally {
      await onClose?.();
    }
  };
  const { driver, id } = hello.hello;
  // The casts: each method sends its arguments to the one of the same name there, and answers what that one answered.
  const part = (name: keyof typeof methods) =>
    Object.fromEntries(
      methods[name].map((method) => [method, (...args: readonly unknown[]) => call(`${name}.${method}`, args)]),
    );
  const own = part('store') as unknown as Pick<Store, 'head' | 'streams'>;
  const leases = part('leases') as unknown as Store['leases'];
  const subscriptions = part('subscriptions') as unknown as Store['subscriptions'];
  return Object.freeze({
    driver,
    id,
    ...own,
    // Rejected would mean that nothing was written.
    commit: (commit: Commit, o: Opt = {}) => call('store.commit', [commit, o], () => true) as Promise<CommitResult>,
    leases: Object.freeze({
      ...leases,
      async acquire(request: Parameters<Store['leases']['acquire']>[0], o: Opt = {}) {
        let granted: Grant | undefined;
        const noted = (value: unknown) => {
          granted = value as Grant;
          return false;
        };
        try {
          return (await call('leases.acquire', [request, o], noted)) as Grant;
        } catch (error) {
          // Granted there in the moment of the abort here: nobody will use it.
          if (granted !== undefined && closing === undefined) await leases.release(granted.set, granted.token);
          throw error;
        }
      },
      openOwner: async (o: Parameters<Store['leases']['openOwner']>[0]) => {
        await call('leases.openOwner', [o]);
        const { owner } = o;
        // The store closes its owners with itself.
        const closeOwner = async () => void (await (closing ?? call('leases.closeOwner', [owner])));
        return Object.freeze({ owner, close: closeOwner });
      },
    }),
    records: Object.freeze(part('records')) as unknown as Store['records'],
    subscriptions: Object.freeze({
      ...subscriptions,
      async claim(claimed: string, o: Parameters<Store['subscriptions']['claim']>[1]) {
        let given: Claim | undefined;
        const noted = (value: unknown) => {
          given = value as Claim;
          return false;
        };
        try {
          return (await call('subscriptions.claim', [claimed, o], noted)) as Claim;
        } catch (error) {
          // As above: nothing of it is settled, so all goes back and counts as no try.
          if (given !== undefined && closing === undefined) await subscriptions.settle(given, []);
          throw error;
        }
      },
    }),
    read: (stream: Parameters<Store['read']>[0], o: Opt = {}) => iterate('read', [stream], o),
    readAll: (o: Opt = {}) => iterate('readAll', [], o),
    follow: (o: Opt) => iterate('follow', [], o),
    extra: (name: string, args: readonly unknown[]) => call(`extras.${name}`, args),
    close: () => (closing ??= close()),
  } satisfies RemoteStore);
}

/**
 * Sends an abort on, and waits for what came of the call: only then nothing of it goes on there. Rejects with the reason of
 * the signal, also when the call was done in that moment, unless `late` wants to have it answered.
 */
async function abortable(
  answer: Promise<unknown>,
  signal: AbortSignal,
  abort: () => void,
  late: Late | undefined,
): Promise<unknown> {
  signal.addEventListener('abort', abort, { once: true });
  try {
    const value = await answer;
    if (late === undefined || (signal.aborted && !late(value))) signal.throwIfAborted();
    return value;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The last argument may be options with a signal, which stays on this side. */
function split(args: readonly unknown[]): {
  readonly signal: AbortSignal | undefined;
  readonly plain: readonly unknown[];
} {
  const options = args.at(-1);
  if (typeof options !== 'object' || options === null || !('signal' in options))
    return { signal: undefined, plain: args };
  const { signal, ...rest } = options as Opt;
  return { signal, plain: [...args.slice(0, -1), rest] };
}

/** Throws VALIDATION_FAILED for what cannot be copied, such as a function. */
function post(port: StorePort, call: Call): void {
  try {
    port.postMessage(call);
  } catch (cause) {
    throw new ConductorError('VALIDATION_FAILED', `What ${call.call} was given is no plain data: ${String(cause)}`, {
      cause,
    });
  }
}
