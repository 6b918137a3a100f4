import type { CommandSpec } from '../command.js';
import { withProject } from '../with-project.js';

const marks = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skip: 'skip' } as const;

export const doctorCommand: CommandSpec = {
  name: 'doctor',
  description: 'look whether store, tracks, git and files are sound',
  async run({ open, out }) {
    return withProject({ open, out }, async (project) => {
      const { ok, checks } = await project.api.system.doctor();
      const lines = checks.map(
        ({ id, status, message, hint }) =>
          `${marks[status]}  ${id.padEnd(8)} ${message}${hint === undefined || status === 'ok' ? '' : `\n      hint: ${hint}`}`,
      );
      out.result({ ok, checks }, lines.join('\n'));
      return ok ? 0 : 1;
    });
  },
};
