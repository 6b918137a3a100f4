import type { EngineContext } from '../engine-context.js';

/** A folder below the one of the tracks. */
export interface FolderName {
  readonly name: string;
  /** A symbolic link: what is behind it is not the project's own. */
  readonly link?: boolean | undefined;
}

/** How a host tells which folders of tracks there are; without it the workspace is asked, which sees safe names only. */
export interface TrackFolders {
  list(): Promise<readonly FolderName[]>;
  /** Files of a folder that are symbolic links, by name. */
  links(name: string): Promise<readonly string[]>;
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
    links: async () => [],
  };
}
