import { checkProjectStore } from '@conductor/node';
import type { CommandSpec } from '../command.js';
import { configOf, folderOf } from '../where.js';
import { withProject } from '../with-project.js';

const marks = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skip: 'skip' } as const;

export const doctorCommand: CommandSpec = {
  name: 'doctor',
  description: 'look whether store, tracks, git and files are sound',
  options: [
    [
      '--fix',
      'first write files anew that say something else than the log (edits of people stay), and infer a step that no rule knows',
    ],
    ['--deep', 'also read every page, row and line of the store, and every artifact'],
  ],
  async run(context, _args, options) {
    const { open, out, signal, onWarning } = context;
    // First, and without an engine: one may not come up over a store that is damaged.
    const deep = options['deep'] === true;
    const stored = await checkProjectStore(folderOf(context), { deep, config: configOf(context), onWarning, signal });
    return withProject({ open, out }, async (project) => {
      const fixed = options['fix'] === true ? await project.repair() : undefined;
      const checks = [...stored, ...(await project.api.system.doctor()).checks];
      const ok = checks.every(({ status }) => status !== 'fail');
      const widest = Math.max(...checks.map(({ id }) => id.length));
      const lines = checks.map(
        ({ id, status, message, hint }) =>
          `${marks[status]}  ${id.padEnd(widest)}  ${message}${hint === undefined || status === 'ok' ? '' : `\n      hint: ${hint}`}`,
      );
      const told = fixed
        ? [
            `Compared the files of ${fixed.tracks.length} ${fixed.tracks.length === 1 ? 'track' : 'tracks'} with the log`,
            ...fixed.inferred.map((id) => `Track ${id} stood where no rule leads on; its step was inferred anew`),
          ]
        : [];
      out.result({ ok, checks, ...(fixed && { fixed }) }, [...told, ...lines].join('\n'));
      return ok ? 0 : 1;
    });
  },
};
