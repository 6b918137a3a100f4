import { resolve } from 'node:path';
import { hideAddress, importProject } from '@conductor/node';
import type { ImportProjectOptions } from '@conductor/node';
import type { CommandSpec } from '../command.js';
import { textOption } from '../flags.js';
import { usage } from '../output.js';
import { configOf, folderOf, whereFlag } from '../where.js';

export const importCommand: CommandSpec = {
  name: 'import',
  description: 'bring an exported log into the empty store of a folder',
  arguments: [{ usage: '<file|->', description: 'what export wrote; - reads stdin' }],
  options: [['--into <store>', 'sqlite, files or postgres://…; default: as configured']],
  async run(context, [file = '-'], options) {
    const { out, cwd, signal } = context;
    const store = textOption(options, 'into');
    if (store === 'memory')
      throw usage('A log in memory is gone when the command ends', `conductor import ${file} --into files`);
    const result = await importProject(folderOf(context), file === '-' ? context.input() : resolve(cwd, file), {
      store: store as ImportProjectOptions['store'], // refused where it is opened, if it is no store
      config: configOf(context),
      signal,
    });
    const { root, events, artifacts, missing, lastSeq, sha256, resumedAfter } = result;
    if (resumedAfter > 0) out.note(`Went on after event ${resumedAfter}, where an import had stopped`);
    if (missing.length > 0) out.note(`Were not there when the log was exported: ${missing.join(', ')}`);
    const where = whereFlag(context, root);
    const next = [
      ...(result.elsewhere
        ? [
            `No command looks there yet: set "store": "${hideAddress(store ?? '')}" in the configuration, or CONDUCTOR_STORE`,
          ]
        : []),
      `Next: conductor doctor --fix${where} writes the files of the tracks, conductor status${where} shows them`,
    ];
    const text = [`${result.place}: ${events} events, ${artifacts} artifacts, SHA-256 ${sha256}`, ...next].join('\n');
    out.result({ root, events, artifacts, missing, lastSeq, sha256, resumedAfter }, text);
    return 0;
  },
};
