import type { EngineContext } from '../engine-context.js';

/** What differs from the last commit, without the project's documents and state. Empty outside version control. */
export async function changedPaths(engine: EngineContext): Promise<readonly string[]> {
  if (!engine.repository || engine.git === 'off') return [];
  const { kind, changed } = await engine.repository.status();
  if (kind === 'none') return [];
  const own = [`${engine.folder}/`, '.conductor/'];
  return changed.filter((path) => !own.some((folder) => path.startsWith(folder)));
}
