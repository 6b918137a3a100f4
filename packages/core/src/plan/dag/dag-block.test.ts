import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCanonicalDag } from './canonical-dag.js';
import { formatDag } from './format-dag.js';
import { maxDagLength, parseYamlDag } from './yaml-dag.js';
import { parseDag } from './parse-dag.js';
import { detectTaskType, generateDag } from './generate-dag.js';
import { parsePlan } from '../parse/parse-plan.js';

const full = `dag:
  nodes:
    - id: '1.1'   # first
      name: 'Define the API'
      type: "code"
      files:
        - 'src/api.ts'
        - ./src/types.ts
      depends_on: []
      estimated_duration: '30m'
      phase: 1
      acceptance: types compile
      task_instructions: |
        Write it.
    - id: 1.10
      depends_on: ['1.1']
  parallel_groups:
    - id: pg-1
      tasks: ['1.1', 1.10]
      conflict_free: false
      shared_resources: [src/api.ts]
      coordination_strategy: file_lock
`;

describe('parseDag', () => {
  it('reads block and flow style, any quoting, comments, and an unquoted 1.10 as the text it is [DAG-01]', () => {
    const { plan, findings } = parsePlan(`## Dependency Graph\n\n\`\`\`yaml\n${full}\`\`\`\n- [ ] a\n`);
    expect(findings).toEqual([]);
    expect(plan.dag?.line).toBe(4);
    expect(plan.dag?.block.nodes.map(({ id }) => id)).toEqual(['1.1', '1.10']);
  });

  it('reads every field of a node [DAG-02]', () => {
    expect(parseDag(full).block.nodes).toEqual([
      {
        id: '1.1',
        name: 'Define the API',
        type: 'code',
        files: ['src/api.ts', 'src/types.ts'],
        depends_on: [],
        phase: 1,
        estimated_duration: '30m',
        acceptance: 'types compile',
        task_instructions: 'Write it.',
      },
      { id: '1.10', files: [], depends_on: ['1.1'] },
    ]);
  });

  it('reads every field of a group [DAG-03]', () => {
    expect(parseDag(full).block.parallel_groups).toEqual([
      {
        id: 'pg-1',
        tasks: ['1.1', '1.10'],
        conflict_free: false,
        shared_resources: ['src/api.ts'],
        coordination_strategy: 'file_lock',
      },
    ]);
    expect(parseDag('dag:\n  parallel_groups:\n    - id: pg-1\n').block.parallel_groups).toEqual([
      { id: 'pg-1', tasks: [] },
    ]);
  });

  it.each([
    ['dag: [1', 'PLAN_DAG_INVALID'],
    ['dag: text', 'PLAN_DAG_INVALID'],
    ['other: 1', 'PLAN_DAG_INVALID'],
    ['', 'PLAN_DAG_INVALID'],
    ['dag:\n  nodes: text', 'PLAN_DAG_INVALID'],
    ['dag:\n  nodes: [a]', 'PLAN_DAG_INVALID'],
    ['dag:\n  nodes:\n    - name: no id', 'PLAN_DAG_INVALID'],
    ['dag:\n  nodes:\n    - id: [1]', 'PLAN_DAG_INVALID'],
    ['dag:\n  nodes:\n    - id: a\n      phase: one', 'PLAN_DAG_INVALID'],
    ['dag:\n  nodes:\n    - id: a\n      files: a.ts', 'PLAN_DAG_INVALID'],
    ['dag:\n  parallel_groups:\n    - tasks: []', 'PLAN_DAG_INVALID'],
    ['dag:\n  parallel_groups:\n    - id: p\n      conflict_free: maybe', 'PLAN_DAG_INVALID'],
    ['dag:\n  nodes: &n []\n  parallel_groups: *n', 'PLAN_DAG_INVALID'],
    ['dag:\n  nodes:\n    - id: &a x\n      name: *a', 'PLAN_DAG_ALIAS'],
    ['dag:\n  nodes: []\n  nodes: []', 'PLAN_DAG_KEY_REPEATED'],
    [`dag: ${'['.repeat(100_000)}`, 'PLAN_DAG_INVALID'],
    [`dag: ${' '.repeat(maxDagLength)}`, 'PLAN_DAG_TOO_LARGE'],
    ['dag:\n  ? [a]\n  : b', 'PLAN_DAG_INVALID'],
  ])('tells what is wrong with %#, and never throws', (yaml, code) => {
    expect(parseDag(yaml).findings.map((finding) => finding.code)).toContain(code);
  });

  it('reads prototype keys as the plain words they are', () => {
    const { block } = parseDag(
      'dag:\n  __proto__:\n    nodes: [x]\n  nodes:\n    - id: __proto__\n      constructor: x\n',
    );
    expect(block.nodes).toEqual([{ id: '__proto__', files: [], depends_on: [] }]);
  });

  it('tells the line in the plan', () => {
    const { findings } = parsePlan(
      '# T\n```yaml\ndag:\n  nodes:\n    - name: x\n```\n- [ ] a\n```yaml\ndag: {}\n```\n',
    );
    expect(findings).toMatchObject([
      { code: 'PLAN_DAG_INVALID', line: 5 },
      { code: 'PLAN_DAG_REPEATED', line: 9 },
    ]);
  });

  it('reads no block out of a fence in another language', () => {
    expect(parsePlan('```text\ndag:\n  nodes: []\n```\n').plan.dag).toBeUndefined();
  });

  it('keeps 1,000 aliases of an alias from growing', () => {
    const bomb = [
      'dag:',
      '  a0: &a0 [x]',
      ...Array.from({ length: 20 }, (_, n) => `  a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(10)}]`),
    ];
    expect(parseDag(bomb.join('\n')).block).toEqual({ nodes: [], parallel_groups: [] });
  });
});

describe('formatDag', () => {
  it('writes what parseDag reads', () => {
    const { block } = parseDag(full);
    expect(parseDag(formatDag(block))).toEqual({ block, findings: [] });
    const empty = { nodes: [], parallel_groups: [] };
    expect(parseDag(formatDag(empty))).toEqual({ block: empty, findings: [] });
  });

  it('quotes what YAML would read otherwise', () => {
    const block = {
      nodes: [{ id: 'a', name: 'x: "y" # \u2028 \u0085 no\ttab', type: 'true', files: ['a, b'], depends_on: [] }],
      parallel_groups: [],
    };
    expect(parseDag(formatDag(block)).block).toEqual(block);
  });
});

describe('the short cut for the canonical form', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('null', '~', ' x ', 'true', '1.10', '__proto__', 'a.ts', '"', '\\\\', 'é\u0301'),
  );
  const optional = { requiredKeys: ['id', 'files', 'depends_on'] } as const;
  const node = fc.record(
    {
      ...{ id: word, name: word, type: word, files: fc.array(word), depends_on: fc.array(word), phase: fc.nat(1e6) },
      ...{ estimated_duration: word, acceptance: word, task_instructions: word },
    },
    { requiredKeys: [...optional.requiredKeys] },
  );
  const group = fc.record(
    {
      id: word,
      tasks: fc.array(word),
      conflict_free: fc.boolean(),
      shared_resources: fc.array(word),
      coordination_strategy: word,
    },
    { requiredKeys: ['id', 'tasks'] },
  );
  const block = fc.record({
    nodes: fc.array(node, { maxLength: 4 }),
    parallel_groups: fc.array(group, { maxLength: 3 }),
  });

  it('reads what the YAML parser reads, or nothing', () => {
    fc.assert(
      fc.property(block, fc.nat(), fc.constantFrom('', ' ', '#', '"', '\n', '- ', ': '), (given, at, insert) => {
        const yaml = formatDag(given);
        const place = at % (yaml.length + 1);
        for (const text of [yaml, yaml.slice(0, place) + insert + yaml.slice(place)]) {
          const short = readCanonicalDag(text);
          if (short !== undefined) expect(parseYamlDag(text)).toEqual({ block: short, findings: [] });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes the block of a formatted plan', () => {
    const dag = generateDag([
      { id: '1.1', name: 'a "b"', files: ['a.ts'], dependsOn: [], phase: 1 },
      { id: '1.2', files: ['a.ts'], dependsOn: [], acceptance: 'x' },
    ]);
    expect(readCanonicalDag(formatDag(dag))).toEqual(dag);
    expect(readCanonicalDag(formatDag({ nodes: [], parallel_groups: [] }))).toEqual({ nodes: [], parallel_groups: [] });
  });

  it.each([
    '',
    'dag:\n',
    'dag:\n  nodes: []\n',
    'dag:\n  parallel_groups: []\n',
    'dag:\n  nodes:\n  nodes:\n  parallel_groups: []\n',
    'dag:\n  nodes: []\n    - id: a\n  parallel_groups: []\n',
  ])('leaves %j to the YAML parser', (yaml) => {
    expect(readCanonicalDag(yaml)).toBeUndefined();
  });
});

describe('generateDag', () => {
  const task = (id: string, dependsOn: string[] = [], files: string[] = []) => ({ id, dependsOn, files });

  it('makes a node per task and a group per level by the longest path [DAG-11]', () => {
    const dag = generateDag([
      task('1', [], ['a.ts']),
      task('2', [], ['b.ts']),
      task('3', ['1'], ['c.ts']),
      task('4', ['1', '3'], ['d.ts']),
      task('5', ['2'], ['c.ts', 'e.ts']),
    ]);
    expect(dag.nodes.map(({ id, depends_on }) => [id, depends_on])).toEqual([
      ['1', []],
      ['2', []],
      ['3', ['1']],
      ['4', ['1', '3']],
      ['5', ['2']],
    ]);
    expect(dag.parallel_groups).toEqual([
      { id: 'pg-1', tasks: ['1', '2'], conflict_free: true },
      {
        id: 'pg-2',
        tasks: ['3', '5'],
        conflict_free: false,
        shared_resources: ['c.ts'],
        coordination_strategy: 'file_lock',
      },
      { id: 'pg-3', tasks: ['4'], conflict_free: true },
    ]);
  });

  it('leaves tasks on a cycle, and those behind it, out of the groups', () => {
    const dag = generateDag([task('1'), task('2', ['3']), task('3', ['2']), task('4', ['3'])]);
    expect(dag.parallel_groups.flatMap(({ tasks }) => tasks)).toEqual(['1']);
  });
});

describe('detectTaskType', () => {
  it.each([
    ['Cover the parser', ['src/parser.test.ts'], 'test'],
    ['Write a test for docs', ['README.md'], 'test'],
    ['Raise coverage', [], 'test'],
    ['Explain the config', ['docs/setup.md'], 'docs'],
    ['Add documentation of the ui', [], 'docs'],
    ['Add the config of the ui', [], 'config'],
    ['Pin versions', ['package.json'], 'config'],
    ['Add a key', ['.env'], 'config'],
    ['Show the api in a component', ['src/components/List.tsx'], 'ui'],
    ['Draw', ['app/page.tsx'], 'ui'],
    ['Call', ['src/api/client.ts'], 'integration'],
    ['Take money with Stripe', [], 'integration'],
    ['Build the suite of guides', ['src/build.ts'], 'code'],
  ])('%s %j is %s: test, docs, config, ui, integration, code in this order [DAG-12]', (text, files, type) => {
    expect(detectTaskType(text, files)).toBe(type);
  });
});
