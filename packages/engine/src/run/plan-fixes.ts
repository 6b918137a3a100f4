import type { Finding, TrackCommand } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { addFixTasks, parsePlan, planModel } from '@conductor/core/plan';
import { contentOf, textOf } from '../load.js';
import { lastFindings } from './assignment.js';
import { loggedModel } from './plan-text.js';
import type { TrackSession } from './track-session.js';

/** One fix task per failing finding, written into the plan by the engine itself: the fixer gets its work, not its scope. */
export async function planFixes(session: TrackSession): Promise<readonly TrackCommand[]> {
  const { engine, state } = session;
  if (!state.plan) return [];
  const cycle = state.loop.fixCycles;
  const failing = ((await lastFindings(session)) as unknown as Finding[]).filter(
    ({ severity }) => severity === 'error',
  ); // written by our own evaluations
  const files = workFilesOf(session);
  const fixes = failing.map((finding, index) => ({
    id: `Fix ${fixNumber(session) + index}`,
    text: firstLine(finding.message),
    issue: issueOf(finding),
    files: finding.path === undefined ? files : [finding.path],
  }));
  const base = await textOf(engine, state.plan.text);
  const { text } = addFixTasks(base, cycle, fixes);
  const { plan } = parsePlan(text);
  const content = await contentOf(engine, text);
  return [
    {
      name: 'plan.edit',
      data: {
        base: state.plan.revision,
        text: content,
        textHash: sha256Hex(text),
        model: loggedModel(planModel(plan), 'ignore'),
        ops: fixes.map(({ id }) => `add task ${id}`),
        cause: 'fix',
      },
    },
  ];
}

function fixNumber({ state }: TrackSession): number {
  return [...(state.plan?.tasks.keys() ?? [])].filter((id) => id.startsWith('Fix ')).length + 1;
}

/** A finding that names no file may need any file of the track. */
function workFilesOf({ state }: TrackSession): string[] {
  const files = [...(state.plan?.tasks.values() ?? [])]
    .filter(({ task }) => !task.id.startsWith('Fix '))
    .flatMap(({ task }) => task.files);
  return [...new Set(files)].sort();
}

function firstLine(message: string): string {
  const line = message.replaceAll(/[\s\p{C}]+/gu, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}

function issueOf({ message, hint, path, line }: Finding): string {
  const place = path === undefined ? '' : ` (${path}${line === undefined ? '' : `:${line}`})`;
  return firstLine(`${message}${place}${hint === undefined ? '' : ` - ${hint}`}`);
}
