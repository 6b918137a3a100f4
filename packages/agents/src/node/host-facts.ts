import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which machine, and which of its lives. */
export interface HostFacts {
  readonly host: string;
  /** Changes with every boot; '' where this system does not tell. */
  readonly bootId: string;
}

/** The machine this process runs on. */
export function hostFacts(): HostFacts {
  return { host: hostname(), bootId: (readProc('/proc/sys/kernel/random/boot_id') ?? '').trim() };
}

/** What Linux tells about a process (proc(5)). */
export interface ProcessFacts {
  readonly group: number;
  /** Ended, and only waiting for its parent to notice. */
  readonly zombie: boolean;
  /** Milliseconds since the epoch, from ticks since boot; right to about a second. */
  readonly startedMs: number;
}

/** Ticks a second: 100 on every architecture that Node runs on. */
const msPerTick = 10;

/** `undefined` when there is no such process, or no /proc. */
export function processFacts(pid: number): ProcessFacts | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  const bootMs = bootTimeMs();
  if (stat === undefined || bootMs === undefined) return undefined;
  // The name in brackets may hold anything, brackets and spaces included: what counts comes after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  return {
    group: Number(group),
    zombie: state === 'Z' || state === 'X',
    startedMs: bootMs + Number(fields[19]) * msPerTick,
  };
}

/** The variables a process was started with, while it lives and is ours to look at. */
export function processEnvironment(pid: number): ReadonlySet<string> {
  return new Set((readProc(`/proc/${pid}/environ`) ?? '').split('\0'));
}

/** A file of the kernel; `undefined` when it is not there, as processes come and go. */
export function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function bootTimeMs(): number | undefined {
  const seconds = /^btime (\d+)$/m.exec(readProc('/proc/stat') ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
