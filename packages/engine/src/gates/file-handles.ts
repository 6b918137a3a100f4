import { sha256Hex } from '@conductor/core/hash';
import type { Evidence, FileHandle } from '@conductor/core/plugin';
import type { EngineContext } from '../engine-context.js';

/** Longest list of files kept as evidence of one evaluation. */
const maxEvidence = 1000;

/** Hands out files below the root; what is read becomes evidence by itself (path and hash). */
export function fileHandles(engine: EngineContext, record: (evidence: Evidence) => void, at: () => string) {
  let recorded = 0;
  const handle = (path: string, bytes: number): FileHandle => {
    const read = async (o: { signal?: AbortSignal } = {}) => {
      const content = (await engine.workspace.read(path, { signal: o.signal })) ?? new Uint8Array();
      recorded += 1;
      if (recorded <= maxEvidence)
        record({ id: engine.ids.id('evidence'), at: at(), kind: 'file', path, sha256: sha256Hex(content) });
      return content;
    };
    return { path, bytes, read, text: async (o) => new TextDecoder().decode(await read(o)) };
  };
  return {
    async *files(glob: string, signal: AbortSignal): AsyncIterable<FileHandle> {
      for await (const { path, bytes } of engine.workspace.list(glob, { signal })) yield handle(path, bytes);
    },
    /** Of these paths, those that exist and fit the glob, in order of their names. */
    async *among(paths: ReadonlySet<string>, glob: string, signal: AbortSignal): AsyncIterable<FileHandle> {
      for await (const { path, bytes } of engine.workspace.list(glob, { signal }))
        if (paths.has(path)) yield handle(path, bytes);
    },
  };
}

/** What changed since the track began: by the repository, else the files that its tasks name. */
export async function changedSince(
  engine: EngineContext,
  baseline: string | undefined,
  named: readonly string[],
): Promise<ReadonlySet<string>> {
  if (!engine.repository || baseline === undefined) return new Set(named);
  const changes = await engine.repository.changes(baseline);
  const paths = changes.filter(({ change }) => change !== 'deleted').map(({ path }) => path);
  return new Set(paths.filter((path) => !path.startsWith(`${engine.folder}/`) && !path.startsWith('.conductor/')));
}
