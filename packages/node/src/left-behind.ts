import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@conductor/core';
import type { Clock, Logger, ProcessRecord, Processes, WorkFolders } from '@conductor/core/ports';
import type { RunRecords } from '@conductor/engine/remote';
import { isLeftBehind, processName } from './temporary-folder.js';

export interface KeptRuns extends RunRecords {
  close(): Promise<void>;
}

export interface KeptRunsOptions {
  readonly stateDir: string;
  readonly processes: Processes;
  readonly folders: Pick<WorkFolders, 'remove'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
}

/** Opens the records of this worker, after it has ended what dead workers of this clone had left running. */
export async function keptRuns(options: KeptRunsOptions): Promise<KeptRuns> {
  const parent = join(options.stateDir, 'workers');
  for (const name of existsSync(parent) ? await readdir(parent) : []) {
    try {
      if (await isLeftBehind(join(parent, name), name, options.clock)) await tidy(join(parent, name), options);
    } catch (error) {
      options.logger.warn('What a killed worker left could not be ended', { name, error: String(error) });
    }
  }
  const folder = join(parent, processName());
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    begin: (runId) => appendFile(join(folder, runId), ''),
    spawned: (runId, process) => appendFile(join(folder, runId), `${JSON.stringify(process)}\n`, { flush: true }),
    forget: (runId) => rm(join(folder, runId), { force: true }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function tidy(folder: string, { processes, folders, graceMs }: KeptRunsOptions): Promise<void> {
  for (const runId of await readdir(folder)) {
    const lines = (await readFile(join(folder, runId), 'utf8')).split('\n');
    // Without its newline a line is torn, and what it was to record has not begun.
    for (const line of lines.slice(0, -1)) {
      const group = parseJson(line, { source: runId }) as unknown as ProcessRecord; // written above
      await processes.end(group, { graceMs });
    }
    await folders.remove(runId);
  }
  await rm(folder, { recursive: true, force: true });
}
