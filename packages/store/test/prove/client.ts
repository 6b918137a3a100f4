import { ConductorError, instant } from '@conductor/core';
import type { Clock, Commit, CommitResult, Store } from '@conductor/core/ports';
import type { AcquireCall, AppendCall, Asked, Held, HeadCall, Op, ReadCall, ReleaseCall, Wish } from './history.js';
import type { Random } from './random.js';

export interface ClientOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly client: number;
  readonly process: number;
  /** How many operations it makes; those that the store could not even refuse do not count. */
  readonly operations: number;
  /** Names of streams and keys; few, so that clients meet. */
  readonly objects: readonly string[];
  /** Told after each operation. */
  readonly record: (op: Op) => void;
}

/** What a client knows of one object: mostly true, sometimes behind. */
interface Known {
  version: number;
  held: (Held & { readonly ttlMs: number }) | undefined;
  /** A lease that was given back or lost: it must never write again. */
  stale: Held | undefined;
}

/** Every answer that changes nothing, and the name that it has in the history. */
const refusals = { FENCED: 'fenced', LEASE_EXPIRED: 'expired', LEASE_HELD: 'held' } as const;
const shortTtlMs = 8;
const longTtlMs = 600_000;
const tailEvents = 4;
const pauseMs = 20;

/** Makes random calls, one after the other, and writes down what was asked, when, and what came back. */
export async function runClient(o: ClientOptions): Promise<void> {
  const { random, operations, objects, record, clock } = o;
  const known = new Map<string, Known>(
    objects.map((object) => [object, { version: 0, held: undefined, stale: undefined }]),
  );
  for (let n = 0; n < operations;) {
    const object = random.pick(objectsWithHeld(objects, known, random));
    const about = known.get(object);
    if (about === undefined) continue;
    const op = await nextCall(o, object, about, n);
    if (op === undefined || op.got.is === 'nothing') {
      await clock.sleep(pauseMs); // the store is away
      continue;
    }
    record(op);
    n += 1;
  }
  await releaseAll(o, known);
}

/** So that the others go on when this one has ended. */
async function releaseAll(o: ClientOptions, known: ReadonlyMap<string, Known>): Promise<void> {
  const { client, process } = o;
  for (const [object, about] of known) {
    const { held } = about;
    if (held === undefined || held.token === 0) continue;
    const call = { client, process, object, called: now(), do: 'release' as const, held: heldOf(held) };
    o.record(await release(o, call, about));
  }
}

function heldOf({ set, token }: Held): Held {
  return { set, token };
}

/** A client comes back often to what it holds, so that keys change hands. */
function objectsWithHeld(objects: readonly string[], known: ReadonlyMap<string, Known>, random: Random) {
  const held = objects.filter((object) => known.get(object)?.held !== undefined);
  return held.length > 0 && random.chance(0.6) ? held : objects;
}

/** `undefined`: a read that failed, which says nothing about the store. */
async function nextCall(o: ClientOptions, object: string, about: Known, n: number): Promise<Op | undefined> {
  const { random } = o;
  const dice = random.next();
  const begin = { client: o.client, process: o.process, object, called: now() };
  if (dice < 0.2) return read(o, { ...begin, do: 'read' }, about);
  if (dice < 0.3) return head(o, { ...begin, do: 'head' }, about);
  const wish: Wish = { set: `c${o.client}-${n}`, ttlMs: random.chance(0.3) ? shortTtlMs : longTtlMs };
  const append = {
    ...begin,
    do: 'append' as const,
    id: `c${o.client}-${n}`,
    count: random.between(1, 3),
    expected: about.version,
  };
  const { held, stale } = about;
  if (held?.token === 0) return acquire(o, { ...begin, do: 'acquire', wish: held }, about); // was it granted?
  if (dice < 0.45) return commit(o, append, about);
  if (dice < 0.5 && stale !== undefined) return commit(o, { ...append, fence: heldOf(stale) }, about);
  if (held === undefined) {
    if (dice < 0.65) return commit(o, append, about);
    if (dice < 0.8) return commit(o, { ...append, take: wish }, about);
    return acquire(o, { ...begin, do: 'acquire', wish }, about);
  }
  const fence = heldOf(held);
  if (dice < 0.72) return commit(o, { ...append, fence }, about);
  if (dice < 0.82) return commit(o, { ...append, fence, release: true }, about);
  if (dice < 0.95) return release(o, { ...begin, do: 'release', held: fence }, about);
  return acquire(o, { ...begin, do: 'acquire', wish: held }, about);
}

async function commit(o: ClientOptions, call: Asked<AppendCall>, about: Known): Promise<AppendCall> {
  const { store, random } = o;
  // A repetition by key cannot tell the token again, so a commit that takes a lease is not repeated.
  const repeats = call.take === undefined && random.chance(0.5);
  const body = commitOf(o, call);
  for (;;) {
    try {
      const result = await store.commit(body);
      return { ...call, answered: now(), got: written(call, result, about) };
    } catch (error) {
      const got = refused(error, about);
      if (got.is === 'unknown' && repeats) {
        await o.clock.sleep(pauseMs);
        continue;
      }
      if (got.is === 'unknown' && call.take !== undefined) about.held = { ...call.take, token: 0 };
      if (got.is === 'fenced' || got.is === 'expired') forget(about);
      return { ...call, answered: got.is === 'unknown' ? null : now(), got };
    }
  }
}

function commitOf({ client, clock }: ClientOptions, call: Asked<AppendCall>): Commit {
  const { object, id, count, expected, fence, release, take } = call;
  const events = Array.from({ length: count }, (_, index) => ({
    type: 'thing.done',
    v: 1,
    data: { id, index, of: count },
  }));
  const takes = take === undefined ? [] : [{ op: 'acquire' as const, ...requestOf(client, object, take) }];
  const frees = release === true && fence !== undefined ? [{ op: 'release' as const, ...fence }] : [];
  return {
    appends: [{ stream: `track/${object}`, expectedVersion: expected, events }],
    meta: { at: instant(clock.now()), actor: { kind: 'system', id: `client-${client}` } },
    leases: [...takes, ...frees],
    fence: fence === undefined ? [] : [fence],
    idempotencyKey: id,
  };
}

function requestOf(client: number, object: string, { set, ttlMs }: Wish) {
  return { set, owner: `foreign:c${client}`, keys: [{ key: `lock:${object}`, mode: 'exclusive' as const }], ttlMs };
}

function written(call: Asked<AppendCall>, result: CommitResult, about: Known): AppendCall['got'] {
  const version = result.versions.get(`track/${call.object}`) ?? 0;
  const token = result.grants[0]?.token;
  about.version = version;
  if (call.release === true) forget(about);
  if (call.take !== undefined && token !== undefined) about.held = { ...call.take, token };
  return { is: 'done', version, seq: result.lastSeq, ...(token === undefined ? {} : { token }) };
}

/** What was held may not write any more; somebody will try. */
function forget(about: Known): void {
  if (about.held !== undefined && about.held.token > 0) about.stale = about.held;
  about.held = undefined;
}

function refused(error: unknown, about: Known): AppendCall['got'] {
  if (!ConductorError.is(error)) throw error;
  if (error.code === 'COMMIT_UNKNOWN') return { is: 'unknown' };
  if (error.code === 'VERSION_CONFLICT') {
    about.version = Number(error.details?.['actual']);
    return { is: 'conflict', actual: about.version };
  }
  const is = Object.entries(refusals).find(([code]) => code === error.code)?.[1];
  return { is: is ?? 'nothing' };
}

async function acquire(o: ClientOptions, asked: Asked<AcquireCall>, about: Known): Promise<AcquireCall> {
  const { store, random, client } = o;
  const call = { ...asked, wish: { set: asked.wish.set, ttlMs: asked.wish.ttlMs } };
  const waitMs = random.chance(0.5) ? random.between(1, 20) : 0;
  try {
    const { token } = await store.leases.acquire(requestOf(client, call.object, call.wish), { waitMs });
    if (about.held?.set !== call.wish.set) forget(about);
    about.held = { ...call.wish, token };
    return { ...call, answered: now(), got: { is: 'done', token } };
  } catch (error) {
    if (!ConductorError.is(error)) throw error;
    if (error.code === 'LEASE_HELD') {
      if (about.held?.set === call.wish.set) forget(about);
      return { ...call, answered: now(), got: { is: 'held' } };
    }
    // A request that waited may have been granted before the connection was lost, or have expired before anybody looked.
    if (error.code !== 'COMMIT_UNKNOWN' && waitMs === 0) return { ...call, answered: now(), got: { is: 'nothing' } };
    about.held = { ...call.wish, token: 0 };
    return { ...call, answered: null, got: { is: 'unknown' } };
  }
}

async function release(o: ClientOptions, call: Asked<ReleaseCall>, about: Known): Promise<ReleaseCall> {
  for (;;) {
    try {
      await o.store.leases.release(call.held.set, call.held.token);
      forget(about);
      return { ...call, answered: now(), got: { is: 'done' } };
    } catch (error) {
      if (!ConductorError.is(error)) throw error;
      await o.clock.sleep(pauseMs);
    }
  }
}

async function read(o: ClientOptions, call: Asked<ReadCall>, about: Known): Promise<ReadCall | undefined> {
  const got = await orNothing(tailOf(o.store, call.object, tailEvents));
  if (got === undefined) return undefined;
  about.version = got.version;
  return { ...call, answered: now(), got };
}

async function head(o: ClientOptions, call: Asked<HeadCall>, about: Known): Promise<HeadCall | undefined> {
  const version = await orNothing(o.store.head({ stream: `track/${call.object}` }));
  if (version === undefined) return undefined;
  about.version = version;
  return { ...call, answered: now(), got: { is: 'done', version } };
}

async function orNothing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (ConductorError.is(error)) return undefined;
    throw error;
  }
}

/** The last events of an object, newest first. */
export async function tailOf(store: Store, object: string, limit: number): Promise<ReadCall['got']> {
  const tail: (readonly [string, number])[] = [];
  let version = 0;
  for await (const page of store.read(`track/${object}`, { backward: true, limit })) {
    for (const event of page) {
      const { id, index } = event.data as { readonly id: string; readonly index: number }; // written by `commitOf`
      version = Math.max(version, event.version);
      tail.push([id, index]);
    }
  }
  return { is: 'done', version, tail };
}

/** Nanoseconds of CLOCK_MONOTONIC; exact as a number for the first hundred days after the start of the machine. */
export function now(): number {
  return Number(process.hrtime.bigint());
}
