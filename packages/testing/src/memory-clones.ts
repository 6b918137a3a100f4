import { ConductorError } from '@conductor/core';
import type { BranchChange, BranchExchange, Clock, Repository, WorkFolders, Workspace } from '@conductor/core/ports';
import { memoryWorkspace } from '@conductor/store/memory';

interface MemoryCommit {
  readonly parent: string | undefined;
  readonly files: ReadonlyMap<string, string>;
  readonly key?: string;
}

/** One repository as several machines see it: the engine's clone, a remote that all reach, and a clone for each worker. */
export interface MemoryClones {
  /** The engine's, over its workspace. */
  readonly repository: Repository;
  readonly exchange: BranchExchange;
  /** A worker's. */
  readonly folders: WorkFolders;
  /** Heads of the remote, by branch. */
  readonly remote: ReadonlyMap<string, string>;
  filesOf(commit: string): ReadonlyMap<string, string>;
}

/** Git for tests of several machines: commits are whole trees of texts, a merge takes the side that changed a file. */
export async function memoryClones(clock: Clock, workspace: Workspace): Promise<MemoryClones> {
  const commits = new Map<string, MemoryCommit>();
  const remote = new Map<string, string>();
  const add = (commit: MemoryCommit) => {
    const id = `c${commits.size + 1}`;
    commits.set(id, commit);
    return id;
  };
  const commitOf = (id: string): MemoryCommit => {
    const commit = commits.get(id);
    if (commit) return commit;
    throw new ConductorError('FILE_NOT_FOUND', `There is no commit ${id}`);
  };
  let head = add({ parent: undefined, files: await textsOf(workspace) });

  const findKey = (key: string) => {
    for (let at: string | undefined = head; at !== undefined; at = commitOf(at).parent)
      if (commitOf(at).key === key) return at;
    return undefined;
  };
  const repository: Repository = {
    async status() {
      const changed = differences(commitOf(head).files, await textsOf(workspace)).map(({ path }) => path);
      return { kind: 'ready', head, branch: 'main', changed };
    },
    async commit({ paths, key }) {
      const now = await textsOf(workspace);
      const files = new Map(commitOf(head).files);
      for (const path of paths) set(files, path, now.get(path));
      if (differences(commitOf(head).files, files).length === 0) return {};
      return { sha: (head = add({ parent: head, files, key })) };
    },
    findKey: async (key) => findKey(key),
    changes: async (from) => differences(commitOf(from).files, await textsOf(workspace)),
    worktrees: async () => [],
    addWorktree: async () => Promise.reject(new ConductorError('UNSUPPORTED', 'Work trees are of disks')),
    removeWorktree: async () => {},
    async integrate({ branch, key }) {
      const before = findKey(key);
      if (before !== undefined) return { sha: before };
      const { parent = head, files: theirs } = commitOf(remote.get(branch) ?? '');
      const ours = commitOf(head).files;
      const base = commitOf(parent).files;
      const changes = differences(base, theirs);
      const conflicts = changes.filter(
        ({ path }) => ours.get(path) !== base.get(path) && ours.get(path) !== theirs.get(path),
      );
      if (conflicts.length > 0) return { conflicts: conflicts.map(({ path }) => ({ path, hunk: '' })) };
      const merged = new Map(ours);
      for (const { path } of changes) {
        const text = theirs.get(path);
        set(merged, path, text);
        if (text === undefined) await workspace.remove(path);
        else await workspace.replace(path, new TextEncoder().encode(text));
      }
      return { sha: (head = add({ parent: head, files: merged, key })) };
    },
  };
  const exchange: BranchExchange = {
    publish: async ({ branch, commit }) => void remote.set(branch, commit),
    async fetch({ branch, base }) {
      const commit = remote.get(branch);
      if (commit === undefined) throw new ConductorError('FILE_NOT_FOUND', `There is no branch ${branch}`);
      const changes = base === undefined ? [] : differences(commitOf(base).files, commitOf(commit).files);
      return { commit, changes };
    },
    discard: async (branches) => branches.forEach((branch) => remote.delete(branch)),
  };
  const folders: WorkFolders = {
    async open({ base }) {
      const { files: from } = commitOf(base.commit);
      const copy = memoryWorkspace({ clock, files: Object.fromEntries(from) });
      return {
        workspace: copy,
        changed: async () => differences(from, await textsOf(copy)).map(({ path }) => path),
        async handOver({ branch, paths, key }) {
          const now = await textsOf(copy);
          const files = new Map(from);
          for (const path of paths) set(files, path, now.get(path));
          const commit = add({ parent: base.commit, files, key });
          remote.set(branch, commit);
          return { commit };
        },
        close: async () => {},
      };
    },
    remove: async () => {},
  };
  return { repository, exchange, folders, remote, filesOf: (commit) => commitOf(commit).files };
}

async function textsOf(workspace: Workspace): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for await (const { path } of workspace.list('**'))
    texts.set(path, new TextDecoder().decode(await workspace.read(path)));
  return texts;
}

function differences(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): readonly BranchChange[] {
  const paths = [...new Set([...from.keys(), ...to.keys()])].filter((path) => from.get(path) !== to.get(path)).sort();
  return paths.map((path) => ({
    path,
    change: from.has(path) ? (to.has(path) ? 'modified' : 'deleted') : 'added',
  }));
}

function set(files: Map<string, string>, path: string, text: string | undefined): void {
  if (text === undefined) files.delete(path);
  else files.set(path, text);
}
