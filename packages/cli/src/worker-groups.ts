import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/**
 * Ends by force every process group that a child of ours leads: workers, planners, commands of evaluators. Children in our own
 * group (git) are left: they end by themselves, and would leave their locks behind.
 */
export function endWorkerGroups(): void {
  for (const group of ledGroups(processTable(), process.pid)) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      continue; // it has ended meanwhile, which is what is wanted
    }
  }
}

/** Groups led by a direct child of `parent`. */
export function ledGroups(rows: readonly ProcessRow[], parent: number): readonly number[] {
  return rows.filter((row) => row.parent === parent && row.group === row.pid).map(({ group }) => group);
}

function processTable(): ProcessRow[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/u.test(name))
      .flatMap(procRow);
  } catch {
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,pgid='], { encoding: 'utf8' }); // no /proc: not Linux
    return (stdout ?? '').split('\n').flatMap(psRow);
  }
}

function procRow(pid: string): ProcessRow[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything, spaces and parentheses too.
    const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group) }];
  } catch {
    return []; // it has ended meanwhile
  }
}

export function psRow(line: string): ProcessRow[] {
  const [pid, parent, group] = line.trim().split(/\s+/u).map(Number);
  return pid && parent !== undefined && group ? [{ pid, parent, group }] : [];
}
