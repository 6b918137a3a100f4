import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, YAMLMap } from 'yaml';
import type { Finding } from '../../kernel/finding.js';
import { normalPath, unique } from '../text/references.js';
import type { DagBlock, DagGroup, DagNode, ParsedDag } from './dag-block.js';

/** Characters that the YAML parser is given; a longer block of foreign form is refused with a finding, never half read. */
export const maxDagLength = 524_288;

const empty: DagBlock = { nodes: [], parallel_groups: [] };

/** The same without the short cut for our own form: every block goes through the YAML parser. */
export function parseYamlDag(yaml: string, firstLine = 1): ParsedDag {
  if (yaml.length > maxDagLength) {
    return {
      block: empty,
      findings: [slip('PLAN_DAG_TOO_LARGE', firstLine, `The dag block has ${yaml.length} characters`)],
    };
  }
  const trap = trapIn(yaml);
  if (trap !== undefined) return { block: empty, findings: [slip('PLAN_DAG_INVALID', firstLine, trap)] };
  try {
    return readDocument(yaml, firstLine);
  } catch (error) {
    // The YAML parser recurses; nesting without end exhausts its stack.
    const message = error instanceof Error ? error.message : String(error);
    return {
      block: empty,
      findings: [slip('PLAN_DAG_INVALID', firstLine, `The dag block cannot be read: ${message}`)],
    };
  }
}

const maxBrackets = 100;
const maxTags = 1000;

/** What would keep the YAML parser busy for seconds, and means nothing in a dag: told by a look at the characters. */
function trapIn(yaml: string): string | undefined {
  let open = 0;
  let tags = 0;
  for (let at = 0; at < yaml.length; at += 1) {
    const code = yaml.charCodeAt(at);
    if (code === 91 || code === 123) open += 1;
    else if ((code === 93 || code === 125) && open > 0) open -= 1;
    else if (code === 33) tags += 1;
    if (open > maxBrackets) return `The dag block nests brackets more than ${maxBrackets} deep`;
    if (tags > maxTags) return `The dag block has more than ${maxTags} tags`;
  }
  return undefined;
}

function slip(code: string, line: number, message: string, severity: Finding['severity'] = 'error'): Finding {
  return {
    severity,
    code,
    line,
    message,
    hint: 'Write the block as in the plan format: `dag:` with `nodes:` and `parallel_groups:`.',
  };
}

interface Reader {
  readonly report: (code: string, node: unknown, message: string, severity?: Finding['severity']) => void;
}

function readDocument(yaml: string, firstLine: number): ParsedDag {
  const lines = new LineCounter();
  // Failsafe: all scalars are text. No unique keys: that check is quadratic; ours is in `fields`.
  const options = {
    lineCounter: lines,
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  } as const;
  const document: Document = parseDocument(yaml, options);
  const findings: Finding[] = [];
  const lineAt = (offset: number): number => firstLine + Math.max(1, lines.linePos(offset).line) - 1;
  for (const error of document.errors.slice(0, 20)) {
    findings.push(slip('PLAN_DAG_INVALID', lineAt(error.pos[0]), `The dag block is not YAML: ${error.message}`));
  }
  const reader: Reader = {
    report: (code, node, message, severity) => findings.push(slip(code, lineAt(rangeStart(node)), message, severity)),
  };
  const root = fields(document.contents, reader).get('dag');
  const block = isMap(root) ? readBlock(root, reader) : empty;
  if (!isMap(root)) reader.report('PLAN_DAG_INVALID', document.contents, 'The block has no mapping below `dag:`');
  return { block, findings };
}

function rangeStart(node: unknown): number {
  const range = (node as Partial<Node> | null | undefined)?.range;
  return range?.[0] ?? 0;
}

function readBlock(root: YAMLMap, reader: Reader): DagBlock {
  const parts = fields(root, reader);
  return {
    nodes: maps(parts.get('nodes'), 'nodes', reader).flatMap((node) => readNode(node, reader)),
    parallel_groups: maps(parts.get('parallel_groups'), 'parallel_groups', reader).flatMap((group) =>
      readGroup(group, reader),
    ),
  };
}

/** A mapping as a Map: keys from outside never become properties. A repeated key is told and its first value holds. */
function fields(node: unknown, reader: Reader): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  if (!isMap(node)) return found;
  for (const pair of node.items) {
    if (!isPair(pair)) continue;
    const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
    if (key === undefined) reader.report('PLAN_DAG_INVALID', pair.key, 'A key of the dag block is no word');
    else if (found.has(key))
      reader.report('PLAN_DAG_KEY_REPEATED', pair.key, `\`${key}\` stands twice; the first one counts`, 'warning');
    else found.set(key, pair.value);
  }
  return found;
}

function maps(node: unknown, name: string, reader: Reader): readonly YAMLMap[] {
  if (isEmptyNode(node)) return [];
  if (!isSeq(node)) {
    reader.report('PLAN_DAG_INVALID', node, `\`${name}\` is no list`);
    return [];
  }
  return node.items.filter((item): item is YAMLMap => {
    if (!isMap(item)) reader.report('PLAN_DAG_INVALID', item, `An entry of \`${name}\` is no mapping`);
    return isMap(item);
  });
}

function isEmptyNode(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && (node.value === null || node.value === ''));
}

function readNode(node: YAMLMap, reader: Reader): readonly DagNode[] {
  const parts = fields(node, reader);
  const id = word(parts.get('id'), reader);
  if (id === undefined) {
    reader.report('PLAN_DAG_INVALID', node, 'A node has no id');
    return [];
  }
  const phase = word(parts.get('phase'), reader);
  if (phase !== undefined && !/^\d{1,9}$/.test(phase))
    reader.report('PLAN_DAG_INVALID', parts.get('phase'), `Phase \`${phase}\` is no number`, 'warning');
  return [
    {
      id,
      ...optionalWords(parts, ['name', 'type'], reader),
      files: unique(words(parts.get('files'), 'files', reader).map(normalPath)),
      depends_on: unique(words(parts.get('depends_on'), 'depends_on', reader)),
      ...(phase !== undefined && /^\d{1,9}$/.test(phase) ? { phase: Number(phase) } : {}),
      ...optionalWords(parts, ['estimated_duration', 'acceptance', 'task_instructions'], reader),
    },
  ];
}

function readGroup(group: YAMLMap, reader: Reader): readonly DagGroup[] {
  const parts = fields(group, reader);
  const id = word(parts.get('id'), reader);
  if (id === undefined) {
    reader.report('PLAN_DAG_INVALID', group, 'A parallel group has no id');
    return [];
  }
  const free = word(parts.get('conflict_free'), reader)?.toLowerCase();
  if (free !== undefined && free !== 'true' && free !== 'false') {
    reader.report('PLAN_DAG_INVALID', parts.get('conflict_free'), `conflict_free is \`${free}\`, not true or false`);
  }
  const shared = parts.get('shared_resources');
  return [
    {
      id,
      tasks: words(parts.get('tasks'), 'tasks', reader),
      ...(free === 'true' || free === 'false' ? { conflict_free: free === 'true' } : {}),
      ...(isEmptyNode(shared) ? {} : { shared_resources: words(shared, 'shared_resources', reader).map(normalPath) }),
      ...optionalWords(parts, ['coordination_strategy'], reader),
    },
  ];
}

function optionalWords<K extends string>(
  parts: ReadonlyMap<string, unknown>,
  names: readonly K[],
  reader: Reader,
): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const name of names) {
    const value = word(parts.get(name), reader);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function word(node: unknown, reader: Reader): string | undefined {
  if (isAlias(node)) reader.report('PLAN_DAG_ALIAS', node, 'Aliases are not read');
  if (!isScalar(node)) {
    if (isMap(node) || isSeq(node))
      reader.report('PLAN_DAG_INVALID', node, 'A list or mapping stands where one value belongs');
    return undefined;
  }
  // In the failsafe schema every scalar is text; nothing at all is null.
  const value = typeof node.value === 'string' ? node.value.trim() : '';
  return value === '' || value === 'null' || value === '~' ? undefined : value;
}

function words(node: unknown, name: string, reader: Reader): readonly string[] {
  if (isEmptyNode(node)) return [];
  if (isSeq(node)) return node.items.flatMap((item) => word(item, reader) ?? []);
  const single = word(node, reader);
  if (single === undefined) return [];
  reader.report('PLAN_DAG_INVALID', node, `\`${name}\` is one value, not a list`, 'warning');
  return single === 'none' ? [] : single.split(',').flatMap((part) => part.trim() || []);
}
