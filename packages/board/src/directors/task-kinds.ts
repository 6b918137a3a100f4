import { wholeWords } from '../convene.js';
import type { TaskFact } from './facts.js';

const sourceFile =
  /\.(?:[cm]?[jt]sx?|vue|svelte|py|go|rs|java|kt|rb|php|cs|c|cc|cpp|h|hpp|swift|scala|sh|sql|css|scss|html)$/i;
const testFile = /(?:^|\/)(?:tests?|__tests__|e2e)\/|[._-](?:test|spec)\.[a-z]{1,5}$|(?:^|\/)test_[^/]{1,100}\.py$/i;
const docFile = /\.(?:md|mdx|rst|adoc|txt)$|(?:^|\/)docs?\//i;
const uiFile = /\.(?:tsx|jsx|vue|svelte|css|scss|html)$|(?:^|\/)components\//i;
const manifestFile =
  /(?:^|\/)(?:package\.json|pyproject\.toml|requirements\.txt|Cargo\.toml|go\.mod|pom\.xml|build\.gradle|Gemfile|composer\.json)$/;

const testWords = wholeWords(['test', 'tests', 'tested', 'spec', 'coverage', 'regression']);
const regressionWords = wholeWords([
  'regression',
  'regressions',
  'coverage',
  'whole suite',
  'full suite',
  'entire suite',
  'whole test suite',
  'full test suite',
  'entire test suite',
  'existing tests',
]);
const deployWords = wholeWords(['deploy', 'deploys', 'deployment', 'rollout', 'release to production']);

const codeTypes: ReadonlySet<string> = new Set(['code', 'ui', 'integration', 'backend', 'frontend', 'api', 'feature']);
const deployTypes: ReadonlySet<string> = new Set(['deploy', 'deployment', 'infrastructure', 'release']);

/** True for a path of code that users run; tests and documents are not. */
export function isSource(path: string): boolean {
  return sourceFile.test(path) && !testFile.test(path) && !docFile.test(path);
}

export function isManifest(path: string): boolean {
  return manifestFile.test(path);
}

/** Questions about one task, answered from its own words, type and files. */
export const taskKinds = {
  /** Adds or changes code; a task that names no file is judged by its type. */
  code: (task: TaskFact) =>
    task.files.length > 0 ? task.files.some(isSource) : codeTypes.has(task.type.toLowerCase()),
  tests: (task: TaskFact) =>
    task.type.toLowerCase() === 'test' || task.files.some((path) => testFile.test(path)) || testWords.test(words(task)),
  regression: (task: TaskFact) => regressionWords.test(words(task)),
  docs: (task: TaskFact) => task.type.toLowerCase() === 'docs' || task.files.some((path) => docFile.test(path)),
  ui: (task: TaskFact) =>
    task.type.toLowerCase() === 'ui' || task.files.some((path) => uiFile.test(path) && !testFile.test(path)),
  deploy: (task: TaskFact) => deployTypes.has(task.type.toLowerCase()) || deployWords.test(task.title),
} as const satisfies Readonly<Record<string, (task: TaskFact) => boolean>>;

function words(task: TaskFact): string {
  return `${task.title}\n${task.acceptance ?? ''}`;
}
