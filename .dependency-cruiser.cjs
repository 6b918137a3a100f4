// The package graph as law. A new arrow is a decision record first, then a line here.
const arrows = {
  core: [],
  dag: ['core'],
  board: ['core'],
  bus: ['core'],
  store: ['core'],
  agents: ['core'],
  engine: ['core', 'dag', 'board'],
  node: ['core', 'engine', 'dag', 'board', 'store', 'bus', 'agents'],
  server: ['core'],
  sdk: ['core'],
  cli: ['core', 'node', 'server', 'dag', 'board'],
  testing: ['core', 'dag', 'board', 'bus', 'store', 'agents', 'engine', 'node', 'server', 'sdk'],
};
const drivers = ['store', 'bus', 'agents'];

/** The folders of the plan codec, each with those that it may import. */
const planFolders = {
  text: [],
  dag: ['text'],
  model: ['text', 'dag'],
  read: ['text', 'model'],
  parse: ['text', 'dag', 'model', 'read'],
  write: ['text', 'dag', 'model'],
  check: ['text', 'dag', 'model', 'parse'],
  edit: ['text', 'dag', 'model', 'read', 'parse', 'write'],
};

const tests = '(\\.(test|test-d)\\.ts$|/test/)';
/** Files behind the Node-only subpaths, and suites, which run where tests run. */
const nodeOnly = [
  '^packages/(node|cli|testing)/src/',
  '^packages/bus/src/(file|conformance)(\\.ts$|/)',
  '^packages/store/src/(file|sqlite|git|conformance)(\\.ts$|/)',
  '^packages/agents/src/(node|evaluators|conformance)(\\.ts$|/)',
  '^packages/server/src/node(\\.ts$|/)',
  '\\.suite\\.ts$',
];

const sourceOf = (name) => `^packages/${name}/src/`;
const anyOf = (names) => `^packages/(${names.join('|')})/`;

/** Two rules a package: what its sources may import, and what its tests may import besides. */
const graph = Object.entries(arrows).flatMap(([name, allowed]) => [
  {
    name: `arrows-of-${name}`,
    comment: `${name} may import ${allowed.join(', ') || 'no other package'}.`,
    severity: 'error',
    from: { path: sourceOf(name), pathNot: tests },
    to: { path: '^packages/', pathNot: anyOf([name, ...allowed]) },
  },
  {
    name: `arrows-of-tests-of-${name}`,
    comment: 'Tests may also use store, bus and agents, never testing: a suite that needs more lives in testing.',
    severity: 'error',
    from: { path: `^packages/${name}/.*${tests}` },
    to: { path: '^packages/', pathNot: anyOf([name, ...allowed, ...drivers]) },
  },
]);

const planCodec = Object.entries(planFolders).map(([name, allowed]) => ({
  name: `arrows-of-plan-${name}`,
  comment: `core/plan/${name} may import ${allowed.join(', ') || 'no other folder'} of the codec.`,
  severity: 'error',
  from: { path: `^packages/core/src/plan/${name}/`, pathNot: tests },
  to: { path: '^packages/core/src/plan/', pathNot: `^packages/core/src/plan/(${[name, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...graph,
    ...planCodec,
    {
      name: 'isomorphic-without-node',
      comment: 'Runs in browsers and on the edge, so no node: import; Node-only code has a subpath of its own.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: [tests, ...nodeOnly] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'isomorphic-without-node-only-files',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: [tests, ...nodeOnly] },
      to: { path: nodeOnly },
    },
    {
      name: 'no-test-in-source',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: tests },
      to: { path: tests },
    },
    {
      name: 'no-unknown-import',
      comment: 'Every import resolves to a file, or to a package that is declared.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycle',
      comment: 'Types may refer to each other; modules that need each other at run time may not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-way-round-exports',
      comment: 'Another package is imported by its name, never by a path into its folder.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
  ],
  options: {
    exclude: { path: ['/dist/', '/templates/', '/fixtures/', '/recorded/'] },
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@conductor/source', 'import', 'types', 'node', 'default'],
    },
  },
};
