import { ConductorError, delayMs } from '@conductor/core';
import type {
  Claim,
  EventEnvelope,
  OwnerId,
  SettleResult,
  SubscriptionSpec,
  SubscriptionStatus,
} from '@conductor/core/ports';
import { checkCount, checkName } from './checks.js';
import { filterParts } from './filter.js';
import type { DeliveryRow, Rows, SubscriptionRow } from './rows.js';

/** What a try to claim found: work, or when to look again at the latest (`undefined`: at the next event). */
export type ClaimOutcome = { readonly claim: Claim } | { readonly nextMs: number | undefined };

/** Who claims, how many events at most, and for how long. */
export interface ClaimTerms {
  readonly owner: OwnerId;
  readonly max: number;
  readonly visibleMs: number;
}

/** What a look for work saw, for the next one to go on from. */
export interface Look {
  readonly work: boolean;
  readonly nextMs: number | undefined;
  /** Nothing that matches stands between the cursor and here. */
  readonly scanned: number;
  readonly cursor: number;
  readonly spec: SubscriptionSpec;
}

interface Delivery {
  readonly event: EventEnvelope;
  readonly attempt: number;
}

/** Throws ID_INVALID, VALIDATION_FAILED. */
export function checkSpec({ name, from, maxAttempts, backoff, kinds, types }: SubscriptionSpec): void {
  checkName('the name of a subscription', name);
  checkCount('maxAttempts', maxAttempts, 1);
  if (typeof from === 'number') checkCount('The first seq of a subscription', from, 0);
  filterParts({ kinds, types });
  delayMs(backoff, 1);
}

/** Creates a subscription, or gives a known one its new terms; its place in the log stays. */
export function ensureSubscription({ log, subscriptions }: Rows, spec: SubscriptionSpec): void {
  const known = subscriptions.subscription(spec.name);
  if (known !== undefined) return subscriptions.putSubscription(spec.name, { ...known, spec });
  const cursor = spec.from === 'start' ? 0 : spec.from === 'end' ? log.head() : Math.max(0, spec.from - 1);
  subscriptions.putSubscription(spec.name, { spec, cursor, token: 0, owner: '', claimedUntilMs: 0 });
}

/** Throws VALIDATION_FAILED for a name that was never ensured. */
export function knownSubscription({ subscriptions }: Rows, name: string): SubscriptionRow {
  const row = subscriptions.subscription(name);
  if (row !== undefined) return row;
  throw new ConductorError('VALIDATION_FAILED', `There is no subscription ${JSON.stringify(name.slice(0, 64))}`, {
    hint: 'Call subscriptions.ensure first.',
  });
}

/**
 * Whether a claim could find work, read only: or when to look again. Goes on where the last look of this call ended, unless
 * the cursor has been moved since, or the filter is another one.
 */
export function lookForWork(rows: Rows, name: string, last: Look | undefined, nowMs: number): Look {
  const row = knownSubscription(rows, name);
  const { spec, cursor, claimedUntilMs } = row;
  const goesOn = last?.cursor === cursor && filterText(last.spec) === filterText(spec);
  const scanned = goesOn ? Math.max(cursor, last.scanned) : cursor;
  if (claimedUntilMs > nowMs) return { work: false, nextMs: claimedUntilMs, scanned, cursor, spec };
  const nextMs = parkedDue(rows, name, row);
  if (nextMs !== undefined && (nextMs <= nowMs || spec.order === 'all'))
    return { work: nextMs <= nowMs, nextMs, scanned, cursor, spec };
  const page = rows.log.readLog(spec, { after: scanned, upTo: rows.log.head(), limit: 1 });
  const work = page.events.length > 0;
  return { work, nextMs, scanned: work ? scanned : page.scanned, cursor, spec };
}

function filterText({ kinds, types }: SubscriptionSpec): string {
  return JSON.stringify([kinds, types]);
}

/** When the first of the parked events may be handed out that does not wait behind another one. */
function parkedDue({ subscriptions }: Rows, name: string, { spec }: SubscriptionRow): number | undefined {
  const parked = subscriptions.deliveries(name, false);
  if (spec.order === 'all') return parked[0]?.dueMs;
  const heads = new Map<string, number>();
  for (const { stream, dueMs } of parked) if (!heads.has(stream)) heads.set(stream, dueMs);
  return heads.size === 0 ? undefined : Math.min(...heads.values());
}

/** Claims up to `max` events inside a transaction; a claim that ran out is taken over, and its events count a try. */
export function claimWork(rows: Rows, name: string, o: ClaimTerms, nowMs: number): ClaimOutcome {
  const row = knownSubscription(rows, name);
  if (row.claimedUntilMs > nowMs) return { nextMs: row.claimedUntilMs };
  const token = row.token + 1;
  const free = row.claimedUntilMs === 0;
  if (!free) dropClaim(rows, name, row, nowMs);
  const parked = duePart(rows, name, row, nowMs);
  const deliveries: Delivery[] = [];
  for (const { seq, attempts } of parked.due.slice(0, o.max)) {
    const event = rows.log.event(seq);
    if (event !== undefined) deliveries.push({ event, attempt: attempts + 1 });
  }
  const cursor = parked.closed ? row.cursor : takeNew(rows, name, row, parked.blocked, o.max, deliveries);
  for (const { event, attempt } of deliveries) {
    const { seq, stream } = event;
    rows.subscriptions.putDelivery(name, {
      seq,
      stream,
      attempts: attempt,
      dueMs: nowMs,
      claim: token,
      dead: false,
      error: '',
    });
  }
  const claimed = deliveries.length > 0;
  if (!claimed && free && cursor === row.cursor) return { nextMs: parkedDue(rows, name, row) };
  rows.subscriptions.putSubscription(name, {
    ...row,
    cursor,
    token: claimed ? token : row.token,
    owner: claimed ? o.owner : '',
    claimedUntilMs: claimed ? nowMs + o.visibleMs : 0,
  });
  return claimed ? { claim: { name, token, deliveries } } : { nextMs: parkedDue(rows, name, row) };
}

/** A claim that ran out: its events go back, and those that used up their tries are dead. */
function dropClaim(rows: Rows, name: string, { spec }: SubscriptionRow, nowMs: number): void {
  for (const delivery of rows.subscriptions.deliveries(name, false)) {
    if (delivery.claim === 0) continue;
    const dead = delivery.attempts >= spec.maxAttempts;
    const error = dead ? 'The claim ran out' : delivery.error;
    rows.subscriptions.putDelivery(name, { ...delivery, claim: 0, dead, ...(dead && { dueMs: nowMs }), error });
  }
}

/** Which parked events are due, which streams wait, and whether new events have to wait too. */
function duePart(rows: Rows, name: string, { spec }: SubscriptionRow, nowMs: number) {
  const parked = rows.subscriptions.deliveries(name, false);
  const blocked = new Set<string>();
  const due: DeliveryRow[] = [];
  for (const delivery of parked) {
    const wait = delivery.dueMs > nowMs || blocked.has(delivery.stream);
    if (!wait) due.push(delivery);
    else if (spec.order === 'all') return { due, blocked, closed: true };
    else blocked.add(delivery.stream);
  }
  return { due, blocked, closed: false };
}

/** Hands out new events behind the cursor; those of a waiting stream are parked. Answers the new cursor. */
function takeNew(
  { log, subscriptions }: Rows,
  name: string,
  { spec, cursor }: SubscriptionRow,
  blocked: ReadonlySet<string>,
  max: number,
  deliveries: Delivery[],
): number {
  const upTo = log.head();
  let after = cursor;
  while (deliveries.length < max && after < upTo) {
    const page = log.readLog(spec, { after, upTo, limit: max });
    for (const event of page.events) {
      if (deliveries.length === max) return after;
      const { seq, stream } = event;
      after = seq;
      if (!blocked.has(stream)) deliveries.push({ event, attempt: 1 });
      else subscriptions.putDelivery(name, { seq, stream, attempts: 0, dueMs: 0, claim: 0, dead: false, error: '' });
    }
    after = Math.max(after, page.scanned);
  }
  return after;
}

/**
 * Ends a claim. What is not named goes back at once without counting a try. Throws FENCED when another claim took over,
 * VALIDATION_FAILED for an event that the claim does not hold.
 */
export function settleClaim(rows: Rows, claim: Claim, results: readonly SettleResult[], nowMs: number): void {
  const { name, token } = claim;
  const row = knownSubscription(rows, name);
  if (row.token !== token || row.claimedUntilMs === 0) {
    throw new ConductorError('FENCED', `The claim ${token} of the subscription ${name} is over`, {
      details: { name, token },
    });
  }
  const named = new Set<number>();
  for (const result of results) {
    const delivery = rows.subscriptions.delivery(name, result.seq);
    if (delivery?.claim !== token || named.has(result.seq))
      throw new ConductorError(
        'VALIDATION_FAILED',
        `The claim of ${name} does not hold the event ${result.seq}, or twice`,
      );
    named.add(result.seq);
    settleOne(rows, row.spec, delivery, result, nowMs);
  }
  for (const { event } of claim.deliveries) {
    const left = named.has(event.seq) ? undefined : rows.subscriptions.delivery(name, event.seq);
    if (left?.claim !== token) continue;
    rows.subscriptions.putDelivery(name, { ...left, attempts: left.attempts - 1, claim: 0 });
  }
  rows.subscriptions.putSubscription(name, { ...row, owner: '', claimedUntilMs: 0 });
}

function settleOne(
  rows: Rows,
  spec: SubscriptionSpec,
  delivery: DeliveryRow,
  result: SettleResult,
  nowMs: number,
): void {
  if (result.outcome === 'done') return rows.subscriptions.removeDelivery(spec.name, delivery.seq);
  const dead = result.outcome === 'dead' || delivery.attempts >= spec.maxAttempts;
  rows.subscriptions.putDelivery(spec.name, {
    ...delivery,
    claim: 0,
    dead,
    dueMs: dead ? nowMs : nowMs + delayMs(spec.backoff, delivery.attempts),
    error: (result.error ?? '').slice(0, 4_096),
  });
}

export function subscriptionStatus(rows: Rows, name: string, nowMs: number): SubscriptionStatus {
  const row = knownSubscription(rows, name);
  const waiting = rows.subscriptions.deliveries(name, false);
  const claimed = row.claimedUntilMs > nowMs;
  return {
    cursor: row.cursor,
    behind: rows.log.count(row.spec, row.cursor),
    parked: waiting.filter(({ claim }) => claim === 0 || !claimed).length,
    dead: rows.subscriptions.deliveries(name, true).map(({ seq, attempts, error }) => ({ seq, attempts, error })),
  };
}

/** Hands out again: everything from a `seq` on, or dead events with all their tries. A current claim is over. */
export function replaySubscription(
  rows: Rows,
  name: string,
  what: { readonly from: number } | { readonly dead: readonly number[] },
): void {
  const row = knownSubscription(rows, name);
  const { subscriptions } = rows;
  if ('dead' in what) {
    for (const seq of what.dead) {
      const delivery = subscriptions.delivery(name, seq);
      if (delivery?.dead !== true)
        throw new ConductorError('VALIDATION_FAILED', `The event ${seq} is not dead in the subscription ${name}`);
      subscriptions.putDelivery(name, { ...delivery, dead: false, attempts: 0, dueMs: 0, error: '' });
    }
    return;
  }
  checkCount('The seq to replay from', what.from, 0);
  for (const delivery of [...subscriptions.deliveries(name, false), ...subscriptions.deliveries(name, true)]) {
    if (delivery.seq >= what.from) subscriptions.removeDelivery(name, delivery.seq);
    else if (delivery.claim !== 0) subscriptions.putDelivery(name, { ...delivery, claim: 0 });
  }
  const cursor = Math.min(rows.log.head(), Math.max(0, what.from - 1));
  subscriptions.putSubscription(name, { ...row, cursor, token: row.token + 1, owner: '', claimedUntilMs: 0 });
}
