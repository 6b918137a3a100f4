import type { EventEnvelope } from '@conductor/core/ports';
import type { AcquireCall, AppendCall, Op } from './history.js';

/** What every event of a campaign carries: which commit it belongs to, and its place in it. */
export interface Mark {
  readonly id: string;
  readonly index: number;
  readonly of: number;
}

/** One commit as the log has it. */
export interface Logged {
  readonly events: readonly EventEnvelope[];
  readonly lastSeq: number;
}

/**
 * The commits of a whole log by their ids. Lists in `faults` what no log may have: a gap or a doublet in `seq` or in the
 * versions of a stream, a commit that is half there, twice there, or mixed with another one.
 */
export function commitsOf(log: readonly EventEnvelope[]): {
  readonly commits: ReadonlyMap<string, Logged>;
  readonly faults: readonly string[];
} {
  const faults: string[] = [];
  const versions = new Map<string, number>();
  const commits = new Map<string, EventEnvelope[]>();
  for (const [index, event] of log.entries()) {
    const { seq, stream, version } = event;
    const { id, index: place } = event.data as unknown as Mark; // all events of a campaign carry it
    const expected = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    if (seq !== index + 1) faults.push(`seq ${seq} stands at ${index + 1}`);
    if (version !== expected) faults.push(`${stream}@${version} follows version ${expected - 1}`);
    const known = commits.get(id) ?? [];
    if (known.length !== place)
      faults.push(`${stream}@${version}: event ${place} of ${id} stands behind ${known.length}`);
    if (known.length > 0 && known.at(-1)?.seq !== seq - 1) faults.push(`seq ${seq}: something stands inside ${id}`);
    if (known.length > 0 && known[0]?.commit !== event.commit) faults.push(`${id} has two commit numbers`);
    commits.set(id, [...known, event]);
  }
  for (const [id, events] of commits) {
    const of = (events[0]?.data as Mark | undefined)?.of; // as above
    if (events.length !== of) faults.push(`${events.length} of the ${of} events of ${id} are there`);
  }
  const logged = Array.from(commits, ([id, events]) => [id, { events, lastSeq: events.at(-1)?.seq ?? 0 }] as const);
  return { commits: new Map(logged), faults };
}

/**
 * What holds across objects, with the log itself as the witness: every acknowledged commit stands in it with the `seq`
 * that was told, nothing stands in it that was refused or that nobody asked for, and `seq` keeps the order of commits
 * that did not overlap. Tokens come from one counter: a lease asked for after another was granted has the higher one.
 */
export function checkLog(history: readonly Op[], log: readonly EventEnvelope[]): readonly string[] {
  const { commits, faults } = commitsOf(log);
  const found = [...faults];
  const appends = history.filter((op): op is AppendCall => op.do === 'append');
  const asked = new Map(appends.map((op) => [op.id, op]));
  for (const { id, got } of appends) {
    const logged = commits.get(id);
    if (got.is === 'done' && logged?.lastSeq !== got.seq)
      found.push(`${id} was acknowledged at seq ${got.seq}, and stands at ${logged?.lastSeq}`);
    if (got.is !== 'done' && got.is !== 'unknown' && logged !== undefined)
      found.push(`${id} was ${got.is}, and stands in the log`);
  }
  for (const id of commits.keys()) if (!asked.has(id)) found.push(`Nobody asked for ${id}`);
  const seqs = appends.flatMap((op) => (op.got.is === 'done' ? [{ ...op, number: op.got.seq }] : []));
  found.push(...goesBack('seq', seqs));
  found.push(...goesBack('token', firstTokens(history)));
  return found;
}

/** Grants, each set once: asking again for a set that one holds gives its old token. */
function firstTokens(history: readonly Op[]): readonly Numbered[] {
  const sets = new Map<string, Numbered>();
  for (const op of history.filter(isAcquire).toSorted((a, b) => (a.answered ?? 0) - (b.answered ?? 0))) {
    const set = op.do === 'acquire' ? op.wish.set : op.take?.set;
    const number = op.got.is === 'done' ? op.got.token : undefined;
    if (set !== undefined && number !== undefined && !sets.has(set)) sets.set(set, { ...op, number });
  }
  return [...sets.values()];
}

function isAcquire(op: Op): op is AcquireCall | AppendCall {
  return op.do === 'acquire' || (op.do === 'append' && op.take !== undefined);
}

interface Numbered {
  readonly called: number;
  readonly answered: number | null;
  readonly number: number;
}

/** Whether what was asked after an answer ever got a lower number than that answer. */
function goesBack(what: string, list: readonly Numbered[]): readonly string[] {
  const asked = list.toSorted((a, b) => a.called - b.called);
  const answers = list.toSorted((a, b) => (a.answered ?? Infinity) - (b.answered ?? Infinity));
  const faults: string[] = [];
  let highest = 0;
  let index = 0;
  for (const { called, number } of asked) {
    for (let next = answers[index]; next !== undefined && (next.answered ?? Infinity) < called; next = answers[index]) {
      highest = Math.max(highest, next.number);
      index += 1;
    }
    if (number <= highest) faults.push(`${what} ${number} was given after ${highest} had been answered`);
  }
  return faults;
}
