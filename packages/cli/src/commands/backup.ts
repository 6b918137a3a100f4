import { resolve } from 'node:path';
import { backupProject, tidyProject } from '@conductor/node';
import type { CommandSpec } from '../command.js';
import { configOf, folderOf } from '../where.js';

export const backupCommand: CommandSpec = {
  name: 'backup',
  description: 'copy the database of the project into a new file, while others go on writing',
  arguments: [{ usage: '<file>', description: 'where to; nothing is written over' }],
  async run(context, [file = '']) {
    const { out, cwd, signal, onWarning } = context;
    const config = configOf(context);
    const made = await backupProject(folderOf(context), resolve(cwd, file), { config, onWarning, signal });
    const { events, bytes } = made;
    out.result({ ...made }, `${made.file}: ${events} events, ${bytes} bytes, looked through`);
    return 0;
  },
};

export const tidyCommand: CommandSpec = {
  name: 'tidy',
  description: 'remove what only tells of the past and what nothing refers to, and give its room back; events stay',
  async run(context) {
    const { out, signal } = context;
    const tidied = await tidyProject(folderOf(context), { config: configOf(context), signal });
    const { deadLetters, leases, artifacts, artifactBytes, bytesBefore, bytes } = tidied;
    out.result(
      { ...tidied },
      [
        `Removed ${deadLetters} dead letters, ${leases} traces of leases, ${artifacts} artifacts (${artifactBytes} bytes)`,
        `The store has ${bytes} bytes, before ${bytesBefore}`,
      ].join('\n'),
    );
    return 0;
  },
};
