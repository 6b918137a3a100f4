import type { EngineContext } from '../engine-context.js';

/** A name in a folder. */
export interface FolderName {
  readonly name: string;
  /** A symbolic link: what is behind it is not the project's own. */
  readonly link?: boolean | undefined;
}

/** How a host tells which folders of tracks there are; without it the workspace is asked, which sees safe names only. */
export interface TrackFolders {
  list(): Promise<readonly FolderName[]>;
  /** What lies in a folder, so that only what is there is read; undefined where nobody can tell. */
  entries(name: string): Promise<readonly FolderName[] | undefined>;
}

/** The folders that the workspace lists a file of. O(files two levels down). */
export function listedFolders({ workspace, folder }: Pick<EngineContext, 'workspace' | 'folder'>): TrackFolders {
  return {
    async list() {
      const names = new Set<string>();
      const root = `${folder}/tracks/`;
      for await (const { path } of workspace.list(`${root}*/*`)) {
        const [name] = path.slice(root.length).split('/');
        if (name !== undefined) names.add(name);
      }
      return [...names].map((name) => ({ name }));
    },
    entries: async () => undefined,
  };
}
