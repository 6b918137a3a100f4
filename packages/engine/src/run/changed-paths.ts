import type { EngineContext } from '../engine-context.js';
import { isOurs } from './task-files.js';

/** What differs from the last commit, without the project's documents and state. Empty outside version control. */
export async function changedPaths(engine: EngineContext): Promise<readonly string[]> {
  if (!engine.repository || engine.git === 'off') return [];
  const { kind, changed } = await engine.repository.status();
  if (kind === 'none') return [];
  return changed.filter((path) => !isOurs(path, engine.folder));
}
