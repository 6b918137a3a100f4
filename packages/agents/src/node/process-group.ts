import { readdirSync } from 'node:fs';
import { ConductorError, instant, parseInstant } from '@conductor/core';
import type { Clock, Opt, ProcessRecord, Processes } from '@conductor/core/ports';
import { hostFacts, processEnvironment, processFacts } from './host-facts.js';

/** Set by the launcher to the id of its own group, and so known to every child: proof of whose group it is. */
export const groupVariable = 'CONDUCTOR_GROUP';

export interface EndGroupOptions extends Opt {
  readonly clock: Clock;
  /** Between the request to end and the end; default 5 s. */
  readonly graceMs?: number | undefined;
}

const pollMs = 20;
const defaultGraceMs = 5000;
/** After a SIGKILL only a hanging disk keeps a process. */
const killWaitMs = 10_000;
/** Start times come from the wall clock and ticks; a group id is not used anew within this time. */
const startToleranceMs = 5000;

/** The identity of the group that this process leads, for the log. */
export function processRecord(groupId: number, { clock }: { readonly clock: Clock }): ProcessRecord {
  const startedMs = processFacts(groupId)?.startedMs ?? clock.now();
  return { ...hostFacts(), groupId, startedAt: instant(startedMs) };
}

/**
 * Ends the group of a record and resolves when it is empty: SIGTERM, after `graceMs` SIGKILL. Kills nothing that it cannot
 * prove to be that group: `foreign` for another host, or for a group id that somebody else has now; `gone` when it has
 * ended, as every process of an earlier boot has. Throws TIMEOUT when a process does not even end after SIGKILL.
 */
export async function endGroup(record: ProcessRecord, o: EndGroupOptions): Promise<'ended' | 'gone' | 'foreign'> {
  o.signal?.throwIfAborted();
  const here = hostFacts();
  if (record.host !== here.host || here.bootId === '') return 'foreign';
  if (record.bootId !== here.bootId || members(record.groupId).length === 0) return 'gone';
  if (!isSameGroup(record)) return 'foreign';
  await endMembers(record.groupId, o);
  return 'ended';
}

/** The port by which an engine knows its host and ends what an engine before it left running. */
export function hostProcesses({ clock }: { readonly clock: Clock }): Processes {
  return Object.freeze<Processes>({
    ...hostFacts(),
    end: (record, o) => endGroup(record, { ...o, clock }),
  });
}

/** Ends all members of a group that is known to be ours. */
export async function endMembers(
  groupId: number,
  { clock, signal, graceMs = defaultGraceMs }: EndGroupOptions,
): Promise<void> {
  if (!signalled(groupId, 'SIGTERM')) return;
  if (await isEmptyWithin(groupId, graceMs, clock, signal)) return;
  signalled(groupId, 'SIGKILL');
  if (await isEmptyWithin(groupId, killWaitMs, clock, signal)) return;
  throw new ConductorError('TIMEOUT', `Process group ${groupId} lives on after SIGKILL`, {
    hint: 'A process waits for a device or a network disk; end it by hand.',
    details: { limit: killWaitMs, groupId },
  });
}

/** True while a process of the group runs. */
export function isAlive(groupId: number): boolean {
  return signalled(groupId, 0) && members(groupId).length > 0;
}

function isSameGroup({ groupId, startedAt }: ProcessRecord): boolean {
  const leader = processFacts(groupId);
  // The number of a group that has members is not given to anybody else; with its leader gone, its children prove it.
  if (leader === undefined || leader.zombie)
    return members(groupId).some((pid) => processEnvironment(pid).has(`${groupVariable}=${groupId}`));
  return leader.group === groupId && Math.abs(leader.startedMs - parseInstant(startedAt)) <= startToleranceMs;
}

/** 0 and 1 are no groups of children: a signal to -0 would reach our own group, one to -1 everything. */
function isGroupId(groupId: number): boolean {
  return Number.isSafeInteger(groupId) && groupId > 1;
}

/** Pids of the group that have not ended. Without /proc: the leader's, as long as the system knows the group. */
function members(groupId: number): number[] {
  if (!isGroupId(groupId)) return [];
  const all = pids();
  if (all === undefined) return signalled(groupId, 0) ? [groupId] : [];
  return all.filter((pid) => {
    const facts = processFacts(pid);
    return facts?.group === groupId && !facts.zombie;
  });
}

function pids(): number[] | undefined {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return undefined; // not Linux
  }
}

async function isEmptyWithin(
  groupId: number,
  ms: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const endMs = clock.monotonic() + ms;
  while (isAlive(groupId)) {
    const leftMs = endMs - clock.monotonic();
    if (leftMs <= 0) return false;
    await clock.sleep(Math.min(pollMs, leftMs), { signal });
  }
  return true;
}

/** False when there is no such group any more. */
function signalled(groupId: number, name: NodeJS.Signals | 0): boolean {
  if (!isGroupId(groupId)) return false;
  try {
    return process.kill(-groupId, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    // EPERM: there is somebody, who is not ours to signal.
    return true;
  }
}
