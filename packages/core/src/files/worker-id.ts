import type { Instant } from '../ports/values.js';

const maxTaskPart = 200;

/**
 * The published id of a worker: `worker-<task>-<UTC stamp with milliseconds>` (C-63). It is also a folder name, so other
 * characters of the task id than letters, digits, `.`, `_` and `-` become `-`.
 */
export function workerIdOf(taskId: string, startedAt: Instant): string {
  const task = taskId.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, maxTaskPart);
  return `worker-${task}-${startedAt.replaceAll(/\D/g, '').slice(0, 17)}`;
}

/** Task and stamp of a worker id, with seconds or with milliseconds; `undefined` for other names. */
export function parseWorkerId(workerId: string): { readonly taskId: string; readonly stamp: string } | undefined {
  const [, taskId, stamp] = /^worker-(.{1,256})-(\d{17}|\d{14})$/u.exec(workerId) ?? [];
  return taskId === undefined || stamp === undefined ? undefined : { taskId, stamp };
}
