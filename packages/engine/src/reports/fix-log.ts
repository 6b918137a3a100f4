import { appendFix } from '@conductor/core/files';
import type { EventEnvelope } from '@conductor/core/ports';

interface Planned {
  readonly model: { readonly tasks: readonly { readonly id: string; readonly title: string }[] };
}
interface Completed {
  readonly taskId: string;
  readonly summary: string;
  readonly commit?: string;
}

/**
 * The text of `fix-log.md`: an entry per fix that was completed, oldest first, under the issue as the plan named it then. Undefined
 * before the first one. O(events).
 */
export function fixLog(events: readonly EventEnvelope[]): string | undefined {
  const issues = new Map<string, string>();
  let text: string | undefined;
  for (const { type, at, data } of events) {
    if (type === 'plan.submitted' || type === 'plan.edited')
      for (const { id, title } of (data as unknown as Planned).model.tasks) issues.set(id, title); // our own payload of that type
    if (type !== 'task.completed') continue;
    const { taskId, summary, commit } = data as unknown as Completed; // our own payload of that type
    if (!taskId.startsWith('Fix ')) continue;
    const issue = issues.get(taskId) ?? taskId;
    text = appendFix(text, { issue, fix: summary.trim() === '' ? issue : summary, date: at, commit });
  }
  return text;
}
