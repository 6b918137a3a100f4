import { canonicalJson, ConductorError } from '@conductor/core';
import type { TrackCommand, TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Write } from '@conductor/core/api';
import type { ActorRef, Json, RecordOp } from '@conductor/core/ports';
import { commitUnits } from '../commit-units.js';
import type { Unit } from '../commit-units.js';
import type { EngineContext } from '../engine-context.js';
import { requireTrackState } from '../load.js';
import { tracksUnits } from '../units.js';
import type { TrackShare } from '../units.js';

const collection = '$request';

/** A client's key, scoped to who asks for what: a repeat answers with the subject as it is now. */
export interface Request {
  readonly actor: ActorRef;
  readonly action: string;
  readonly body: unknown;
  readonly key?: string | undefined;
}

/** The subject of an earlier request with this key, or `undefined`. Throws `IDEMPOTENCY_MISMATCH` for another body. */
export async function replayed(engine: EngineContext, request: Request): Promise<string | undefined> {
  if (request.key === undefined) return undefined;
  checkKey(request.key, engine.limits.idempotencyKeyBytes);
  const row = await engine.store.records.get(collection, scopedKey(request));
  if (!row || row.deleted) return undefined;
  const { digest, subject } = row.value as { digest: string; subject: string }; // written below
  if (digest === digestOf(request)) return subject;
  throw new ConductorError(
    'IDEMPOTENCY_MISMATCH',
    `The key ${JSON.stringify(request.key)} belongs to another request`,
    { details: { action: request.action } },
  );
}

/** The row that makes a repeat known; written in the commit of the request itself. */
export function remembered(request: Request, subject: string): readonly RecordOp[] {
  if (request.key === undefined) return [];
  return [{ collection, key: scopedKey(request), expectedRevision: 0, value: { digest: digestOf(request), subject } }];
}

/** What happens in the same commit. */
export interface Together {
  /** Commands of other tracks, decided before. */
  readonly first?: ((state: TrackState) => readonly TrackShare[]) | undefined;
  readonly others?: ((state: TrackState) => readonly Unit[]) | undefined;
}

/** A person's or client's commands on one track: authorised by the caller, checked against `ifMatch`, remembered by key. */
export async function writeTrack(
  engine: EngineContext,
  id: string,
  request: Request,
  commands:
    readonly TrackCommand[] | ((state: TrackState) => readonly TrackCommand[] | Promise<readonly TrackCommand[]>),
  { ifMatch, signal }: Write,
  { first, others }: Together = {},
): Promise<TrackState> {
  if ((await replayed(engine, request)) === undefined) {
    const state = await requireTrackState(engine.store, id, { signal });
    const list = typeof commands === 'function' ? await commands(state) : commands;
    const newest = async () => matching(await requireTrackState(engine.store, id), ifMatch);
    const shares = [...(first?.(state) ?? []), { id, commands: list, load: newest }];
    await commitUnits(engine, [...tracksUnits(engine, shares), ...(others?.(state) ?? [])], {
      actor: request.actor,
      correlation: { track: id },
      records: remembered(request, id),
      signal,
    });
    engine.views.touch(id);
  }
  return requireTrackState(engine.store, id);
}

function matching(state: TrackState, ifMatch: number | undefined): TrackState {
  if (ifMatch === undefined || ifMatch === state.version) return state;
  // Not the store's conflict: deciding again would not help, the caller has to read again.
  throw new ConductorError('VERSION_CONFLICT', `Track ${state.id} is at revision ${state.version}, not ${ifMatch}`, {
    details: { expected: ifMatch, actual: state.version },
  });
}

function scopedKey({ actor, action, key }: Request): string {
  return sha256Hex(canonicalJson([actor.kind, actor.id, action, key ?? '']));
}

function digestOf({ body }: Request): string {
  return sha256Hex(canonicalJson(JSON.parse(JSON.stringify(body ?? null)) as Json));
}

function checkKey(key: string, maxBytes: number): void {
  if (/^[\u0021-\u007e]+$/u.test(key) && key.length <= maxBytes) return;
  throw new ConductorError('VALIDATION_FAILED', 'An idempotency key is 1 to 255 visible ASCII characters');
}
