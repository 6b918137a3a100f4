import type { DagBlock, DagGroup, DagNode } from './dag-block.js';
import { normalPath, unique } from '../text/references.js';

const wordKeys = new Set([
  'id',
  'name',
  'type',
  'estimated_duration',
  'acceptance',
  'task_instructions',
  'coordination_strategy',
]);
const listKeys = new Set(['files', 'depends_on', 'tasks', 'shared_resources']);
const nodeKeys = new Set([
  'id',
  'name',
  'type',
  'files',
  'depends_on',
  'phase',
  'estimated_duration',
  'acceptance',
  'task_instructions',
]);
const groupKeys = new Set(['id', 'tasks', 'conflict_free', 'shared_resources', 'coordination_strategy']);

type Entry = Map<string, string | readonly string[]>;

/**
 * Reads a block in exactly the form that `formatDag` writes, some fifty times faster than a YAML parser can: plans of ours are read after
 * every mark. Anything else, be it one comment, gives `undefined` and is left to the YAML parser, which would read the same.
 */
export function readCanonicalDag(yaml: string): DagBlock | undefined {
  const lines = yaml.split('\n');
  if (lines.pop() !== '' || lines[0] !== 'dag:') return undefined;
  const nodes: Entry[] = [];
  const groups: Entry[] = [];
  let list: Entry[] | undefined;
  let closed = false;
  for (const line of lines.slice(1)) {
    if (line === '  nodes:' || line === '  nodes: []') {
      if (list !== undefined) return undefined;
      list = nodes;
      closed = line.endsWith(']');
    } else if (line === '  parallel_groups:' || line === '  parallel_groups: []') {
      if (list !== nodes) return undefined;
      list = groups;
      closed = line.endsWith(']');
    } else {
      const known =
        list === undefined || closed ? false : readEntryLine(line, list, list === nodes ? nodeKeys : groupKeys);
      if (!known) return undefined;
    }
  }
  return list === groups ? blockOf(nodes, groups) : undefined;
}

function readEntryLine(line: string, list: Entry[], keys: ReadonlySet<string>): boolean {
  const first = line.startsWith('    - ');
  if (!first && !line.startsWith('      ')) return false;
  const colon = line.indexOf(': ', 6);
  const key = line.slice(6, colon);
  if (first !== (key === 'id') || !keys.has(key)) return false;
  if (first) list.push(new Map());
  const entry = list.at(-1);
  const value = readValue(key, line.slice(colon + 2));
  if (entry === undefined || value === undefined || entry.has(key)) return false;
  entry.set(key, value);
  return true;
}

function readValue(key: string, written: string): string | readonly string[] | undefined {
  if (key === 'phase') return /^\d{1,9}$/.test(written) ? written : undefined;
  if (key === 'conflict_free') return written === 'true' || written === 'false' ? written : undefined;
  if (listKeys.has(key)) return readList(written);
  if (!wordKeys.has(key)) return undefined;
  if (/^[a-z][a-z0-9_-]*$/i.test(written) && written !== 'null') return written;
  const [word, ...others] = written.startsWith('"') ? (readList(`[${written}]`) ?? []) : [];
  return others.length === 0 ? word : undefined;
}

/** A JSON list of texts is a YAML list of the same texts. Words that the YAML reader takes for nothing are left to it. */
function readList(written: string): readonly string[] | undefined {
  try {
    const values: unknown = JSON.parse(written);
    return Array.isArray(values) && values.every(isPlainText) ? values : undefined;
  } catch {
    // Not the canonical form: the YAML parser reads it, and tells what is wrong with it.
    return undefined;
  }
}

function isPlainText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value !== 'null' && value !== '~' && value.trim() === value;
}

function blockOf(nodes: readonly Entry[], groups: readonly Entry[]): DagBlock {
  return { nodes: nodes.map(nodeOf), parallel_groups: groups.map(groupOf) };
}

function words(entry: Entry, key: string): readonly string[] {
  const value = entry.get(key);
  return typeof value === 'string' || value === undefined ? [] : value;
}

function word<K extends string>(entry: Entry, key: K): Partial<Record<K, string>> {
  const value = entry.get(key);
  // The computed key is K, which TypeScript widens to string.
  return typeof value === 'string' ? ({ [key]: value } as Record<K, string>) : {};
}

function nodeOf(entry: Entry): DagNode {
  const { phase } = word(entry, 'phase');
  return {
    id: '',
    ...word(entry, 'id'),
    ...word(entry, 'name'),
    ...word(entry, 'type'),
    files: unique(words(entry, 'files').map(normalPath)),
    depends_on: unique(words(entry, 'depends_on')),
    ...(phase === undefined ? {} : { phase: Number(phase) }),
    ...word(entry, 'estimated_duration'),
    ...word(entry, 'acceptance'),
    ...word(entry, 'task_instructions'),
  };
}

function groupOf(entry: Entry): DagGroup {
  const { conflict_free: free } = word(entry, 'conflict_free');
  return {
    id: '',
    ...word(entry, 'id'),
    tasks: words(entry, 'tasks'),
    ...(free === undefined ? {} : { conflict_free: free === 'true' }),
    ...(entry.has('shared_resources') ? { shared_resources: words(entry, 'shared_resources').map(normalPath) } : {}),
    ...word(entry, 'coordination_strategy'),
  };
}
