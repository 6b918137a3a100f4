import { ConductorError } from '@conductor/core';
import type { TaskState } from '@conductor/core';
import { decodeText, matchError, parseErrors } from '@conductor/core/files';
import type { ErrorEntry } from '@conductor/core/files';
import type { Json } from '@conductor/core/ports';
import type { TrackSession } from './track-session.js';

/**
 * The first known error whose pattern fits what a fix task is about, with its solution; `null` where nobody has met it before.
 * A file or a pattern that cannot be used is passed over and told: it must not stop the fixer.
 */
export async function knownSolution(session: TrackSession, task: TaskState, findings: readonly Json[]): Promise<Json> {
  const { engine, state } = session;
  const found = matchError(await knownErrors(session), aboutOf(task, findings), {
    maxPatternBytes: engine.limits.errorPatternBytes,
  });
  for (const { message, code } of found.findings) engine.logger.warn(message, { code, track: state.id });
  if (!found.match) return null;
  const { id, pattern, problem, solution, code_fix: codeFix } = found.match;
  return {
    id,
    pattern: pattern ?? null,
    problem: problem ?? null,
    solution: solution ?? null,
    codeFix: codeFix ?? null,
  };
}

async function knownErrors({ engine, state }: TrackSession): Promise<readonly ErrorEntry[]> {
  const path = `${engine.folder}/knowledge/errors.json`;
  try {
    const bytes = await engine.workspace.read(path, { maxBytes: engine.limits.jsonFileBytes });
    return bytes ? parseErrors(decodeText(bytes)) : [];
  } catch (error) {
    if (!ConductorError.is(error)) throw error;
    engine.logger.warn(`${path} is not used: ${error.message}`, { code: error.code, track: state.id });
    return [];
  }
}

/** What is known of the issue: the task as it stands in the plan, its finding in full, and how the attempt before it ended. */
function aboutOf({ task, note, failures }: TaskState, findings: readonly Json[]): string {
  const own = findings.map(textOf).filter((text) => text.includes(task.title.replace(/\.{3}$/, '')));
  return [task.title, task.acceptance ?? '', ...own, failures > 0 ? (note ?? '') : ''].join('\n');
}

function textOf(finding: Json): string {
  const record = (typeof finding === 'object' && finding !== null ? finding : {}) as Readonly<Record<string, unknown>>; // findings of ours
  const evidence = Array.isArray(record['evidence']) ? (record['evidence'] as readonly unknown[]) : [];
  return [record['message'], record['hint'], record['code'], ...evidence]
    .filter((part) => typeof part === 'string')
    .join('\n')
    .replaceAll(/[^\S\n]+/g, ' ');
}
