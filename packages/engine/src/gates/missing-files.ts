import type { Finding, Task, TaskState } from '@conductor/core';
import type { Workspace } from '@conductor/core/ports';
import { isFile } from '../reports/plan-phases.js';

/** Files that tasks call done and that are not there. One read for each. */
export async function missingFiles(
  { workspace }: { readonly workspace: Pick<Workspace, 'read'> },
  tasks: readonly TaskState[],
): Promise<readonly { readonly task: Task; readonly path: string }[]> {
  const missing: { readonly task: Task; readonly path: string }[] = [];
  for (const { task } of tasks.filter(({ status }) => status === 'done'))
    for (const path of task.files.filter(isFile))
      if ((await workspace.read(path)) === undefined) missing.push({ task, path });
  return missing;
}

/** As findings of a gate. */
export async function missingDeliverables(
  context: { readonly workspace: Pick<Workspace, 'read'> },
  tasks: readonly TaskState[],
): Promise<readonly Finding[]> {
  return (await missingFiles(context, tasks)).map(({ task, path }) => ({
    severity: 'error',
    code: 'DELIVERABLE_MISSING',
    item: task.id,
    path,
    message: `${path} of task ${task.id} does not exist`,
  }));
}
