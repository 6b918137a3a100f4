import type {
  ActorRef,
  Correlation,
  EventEnvelope,
  Filter,
  Instant,
  LeaseKey,
  OwnerId,
  Row,
  StreamId,
  SubscriptionSpec,
} from '@conductor/core/ports';

/** One commit as it is stored: what its events have in common. */
export interface CommitRow {
  readonly at: Instant;
  readonly actor: ActorRef;
  readonly correlation: Correlation;
  readonly causation: string | undefined;
  readonly key: string | undefined;
  readonly digest: string | undefined;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** One event as it is stored (R24); `data` is JSON text. */
export interface EventRow {
  readonly seq: number;
  readonly stream: StreamId;
  readonly version: number;
  readonly type: string;
  readonly v: number;
  readonly commit: number;
  readonly data: string;
}

/** The log: commits, events and the head of each stream. */
export interface LogRows {
  head(): number;
  version(stream: StreamId): number;
  setVersion(stream: StreamId, version: number): void;
  addCommit(row: CommitRow): number;
  addEvent(row: EventRow): void;
  commitOfKey(key: string): Pick<CommitRow, 'digest' | 'firstSeq' | 'lastSeq'> | undefined;
  /** The last version of each stream among the events of a range of `seq`. */
  versionsBetween(firstSeq: number, lastSeq: number): readonly (readonly [StreamId, number])[];
  /** In code point order of the ids, those after `after`. */
  streams(o: {
    readonly kind: string | undefined;
    readonly after: string;
    readonly limit: number;
  }): readonly { readonly stream: StreamId; readonly version: number }[];
  /** Versions after `after`, backward those before it; one page. */
  readStream(
    stream: StreamId,
    o: { readonly after: number; readonly limit: number; readonly backward: boolean },
  ): readonly EventEnvelope[];
  /** Events with `after < seq <= upTo` that match; one page. `scanned`: nothing up to here is left to look at. */
  readLog(
    filter: Filter,
    o: { readonly after: number; readonly upTo: number; readonly limit: number },
  ): { readonly events: readonly EventEnvelope[]; readonly scanned: number };
  event(seq: number): EventEnvelope | undefined;
  count(filter: Filter, after: number): number;
}

/** A held set. `expiresAtMs` is on the wall clock; a lost set keeps its row, without keys, until it is released, its owner closes, or upkeep removes it. */
export interface GrantRow {
  readonly token: number;
  readonly set: string;
  readonly owner: OwnerId;
  readonly expiresAtMs: number;
  readonly lost: boolean;
  readonly keys: readonly LeaseKey[];
}

/** A request that waits. `granted` is the token it received, 0 while it waits; `token` is the set that an extend belongs to. */
export interface WaiterRow {
  readonly id: number;
  readonly kind: 'acquire' | 'extend';
  readonly set: string;
  readonly owner: OwnerId;
  readonly token: number;
  readonly ttlMs: number;
  readonly untilMs: number;
  readonly granted: number;
  readonly keys: readonly LeaseKey[];
}

export interface OwnerRow {
  readonly owner: OwnerId;
  readonly host: string;
  readonly bootId: string;
}

/** Owners, held sets and the waiting line. */
export interface LeaseRows {
  nextToken(): number;
  grant(token: number): GrantRow | undefined;
  /** The set of this name that is not lost. */
  heldSet(set: string): GrantRow | undefined;
  /** Everybody who holds this key, expired or not. */
  holders(key: string): readonly { readonly token: number; readonly mode: LeaseKey['mode'] }[];
  addGrant(row: GrantRow): void;
  setExpiry(token: number, expiresAtMs: number): void;
  /** Adds keys to a set; a key it holds already takes the new mode. */
  putKeys(token: number, keys: readonly LeaseKey[]): void;
  removeKeys(token: number, keys: readonly string[]): void;
  /** Takes the keys away and marks the set lost. */
  loseGrant(token: number): void;
  removeGrant(token: number): void;
  /** All sets of one owner, lost ones included, by token. */
  grantsOf(owner: OwnerId): readonly GrantRow[];
  /** All sets that are not lost, by token. */
  grants(): readonly GrantRow[];
  /** Sets the expiry of everything the owner holds, in one statement; answers how many sets. */
  renewAll(owner: OwnerId, expiresAtMs: number): number;
  addWaiter(row: Omit<WaiterRow, 'id'>): number;
  waiter(id: number): WaiterRow | undefined;
  setGranted(id: number, token: number): void;
  removeWaiter(id: number): void;
  /** Who waits for this key and was granted nothing yet. */
  waitersFor(key: string): readonly WaiterRow[];
  waiters(): readonly WaiterRow[];
  owner(owner: OwnerId): OwnerRow | undefined;
  owners(): readonly OwnerRow[];
  putOwner(row: OwnerRow): void;
  removeOwner(owner: OwnerId): void;
}

export interface CollectionRow {
  readonly version: number;
  readonly indexes: readonly (readonly string[])[];
  readonly unique: readonly (readonly string[])[];
}

/** Records and what makes them unique. */
export interface RecordRows {
  collection(name: string): CollectionRow | undefined;
  putCollection(name: string, row: CollectionRow): void;
  record(collection: string, key: string): Row | undefined;
  putRecord(collection: string, row: Row): void;
  /** In code point order of the keys, those after `after`. */
  records(
    collection: string,
    o: { readonly prefix: string; readonly after: string; readonly limit: number; readonly deleted: boolean },
  ): readonly Row[];
  /** The key of the record that has this value, where `index` counts the unique rules. */
  uniqueOwner(collection: string, index: number, value: string): string | undefined;
  putUnique(collection: string, index: number, value: string, key: string): void;
  removeUnique(collection: string, index: number, value: string): void;
  clearUnique(collection: string): void;
}

/** A subscription: everything up to `cursor` was handed out, settled or waits as a delivery row. */
export interface SubscriptionRow {
  readonly spec: SubscriptionSpec;
  readonly cursor: number;
  /** Goes up with each claim and replay. */
  readonly token: number;
  readonly owner: OwnerId;
  /** End of the current claim on the wall clock; 0 = no claim. */
  readonly claimedUntilMs: number;
}

/**
 * An event that was handed out or is parked. `claim` is the token of the claim that has it, 0 = none; `dueMs` of a dead one is
 * when it died.
 */
export interface DeliveryRow {
  readonly seq: number;
  readonly stream: StreamId;
  readonly attempts: number;
  readonly dueMs: number;
  readonly claim: number;
  readonly dead: boolean;
  readonly error: string;
}

export interface SubscriptionRows {
  subscription(name: string): SubscriptionRow | undefined;
  putSubscription(name: string, row: SubscriptionRow): void;
  /** By `seq`. */
  deliveries(name: string, dead: boolean): readonly DeliveryRow[];
  delivery(name: string, seq: number): DeliveryRow | undefined;
  putDelivery(name: string, row: DeliveryRow): void;
  removeDelivery(name: string, seq: number): void;
}

/**
 * The tables of one store, synchronous, as a driver brings them. The rules of the ports are written once over these rows;
 * whether a change lasts is decided by the transaction around it.
 */
export interface Rows {
  readonly log: LogRows;
  readonly leases: LeaseRows;
  readonly records: RecordRows;
  readonly subscriptions: SubscriptionRows;
}
