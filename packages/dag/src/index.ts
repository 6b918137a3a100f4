// The graph and what is wrong with it
export { buildGraph } from './graph.js';
export type { GraphNode, TaskGraph } from './graph.js';
export { validateGraph } from './validate-graph.js';
export { findCycles } from './cycles.js';
export type { Successors } from './cycles.js';

// Its shape
export { concurrentTasks, executionMode, levels } from './levels.js';
export { conflicts } from './conflicts.js';
export type { Conflict } from './conflicts.js';
export { parallelGroups, summarizeGraph, validateGroups } from './groups.js';
export type { GraphSummary, ParallelGroup } from './groups.js';
export { criticalPath, defaultEstimateMinutes, priorities } from './critical-path.js';
export type { CriticalPath, Priorities } from './critical-path.js';
export { renderGraph } from './render-graph.js';
export type { RenderOptions } from './render-graph.js';

// What may run, and what should
export { evolveSchedule, initialSchedule, readySet } from './scheduler.js';
export type { ScheduleEvent, SchedulerState, ScheduleStatus } from './scheduler.js';
export { pick } from './pick.js';
export type { PickInput } from './pick.js';
export { downstream, mayRetry, pausedByFailures, unblockedBy } from './isolation.js';

// Deadlocks
export { chooseVictim, findDeadlocks, waitForGraph } from './wait-for.js';
export type { Candidate, VictimPolicy, Wait, WaitContext, WaitForGraph } from './wait-for.js';

// Running
export { runGraph } from './run-graph.js';
export type { RunGraphContext, RunGraphOptions, RunTask, TaskResult } from './run-graph.js';
