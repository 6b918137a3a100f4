/** One thing that a process did to its disk, or said. */
export type Step =
  | { readonly do: 'write'; readonly file: string; readonly at: number; readonly bytes: Uint8Array }
  | { readonly do: 'truncate'; readonly file: string; readonly size: number }
  /** A file, or `.` for the folder with its names. */
  | { readonly do: 'sync'; readonly file: string }
  | { readonly do: 'remove'; readonly file: string }
  | { readonly do: 'say'; readonly text: string };

/** What shim.c has written down: a line for each step, and its bytes behind it. */
export function parseTrace(trace: Uint8Array): readonly Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < trace.length;) {
    const end = trace.indexOf(0x0a, at);
    const [kind, file = '', place, length] = new TextDecoder().decode(trace.subarray(at, end)).split(' ');
    const bytes = trace.subarray(end + 1, end + 1 + Number(length));
    at = end + 1 + bytes.length;
    if (kind === 'W') steps.push({ do: 'write', file, at: Number(place), bytes });
    else if (kind === 'T') steps.push({ do: 'truncate', file, size: Number(place) });
    else if (kind === 'D') steps.push({ do: 'remove', file });
    else if (kind === 'S') steps.push({ do: 'sync', file });
    else if (kind === 'A') steps.push({ do: 'say', text: new TextDecoder().decode(bytes).trim() });
  }
  return steps;
}

type Change = Extract<Step, { readonly do: 'write' | 'truncate' }>;

/** A file, and what became of it since it was synced. */
interface Recorded {
  readonly name: string;
  synced: Uint8Array;
  changes: readonly Change[];
  /** Whether its name would be there after a power loss. */
  linked: boolean;
  removed: boolean;
}

/** A disk that keeps what was synced, names by the sync of their folder, and of the rest what it likes. */
export class RecordedDisk {
  #files: readonly Recorded[] = [];

  apply(step: Step): void {
    if (step.do === 'say') return;
    if (step.do === 'sync' && step.file === '.') return this.#syncNames();
    const file = this.#fileOf(step.file);
    if (step.do === 'remove') file.removed = true;
    else if (step.do === 'sync') {
      file.synced = changed(file.synced, file.changes);
      file.changes = [];
    } else file.changes = [...file.changes, step];
  }

  /** The files after a power loss; of each change that was not synced, and of each name, `keeps` says whether it lasts. */
  after(keeps: () => boolean): ReadonlyMap<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    for (const { name, synced, changes, linked, removed } of this.#files) {
      if ((!linked && !keeps()) || (removed && keeps())) continue;
      found.set(name, changed(synced, changes.filter(keeps)));
    }
    return found;
  }

  #syncNames(): void {
    this.#files = this.#files.filter(({ removed }) => !removed);
    for (const file of this.#files) file.linked = true;
  }

  #fileOf(name: string): Recorded {
    const known = this.#files.find((file) => file.name === name && !file.removed);
    if (known !== undefined) return known;
    const made = { name, synced: new Uint8Array(), changes: [], linked: false, removed: false };
    this.#files = [...this.#files, made];
    return made;
  }
}

function changed(before: Uint8Array, changes: readonly Change[]): Uint8Array {
  let bytes = before;
  for (const change of changes) {
    const size = change.do === 'truncate' ? change.size : Math.max(bytes.length, change.at + change.bytes.length);
    const next = new Uint8Array(size);
    next.set(bytes.subarray(0, size));
    if (change.do === 'write') next.set(change.bytes, change.at);
    bytes = next;
  }
  return bytes;
}
