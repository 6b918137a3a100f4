export { executorSuite } from './conformance/executor.suite.js';
export type { Behaviour, ExecutorSuiteOptions, ProcessBehaviour } from './conformance/executor.suite.js';
