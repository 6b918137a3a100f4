import { resolve } from 'node:path';
import { exportProject, exportProjectFile } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { findTrack } from '../find-track.js';
import { textOption } from '../flags.js';
import { configOf, folderOf } from '../where.js';
import { lookAtProject } from '../with-project.js';

export const exportCommand: CommandSpec = {
  name: 'export',
  description: 'write the log with its artifacts, to keep it or to import it elsewhere',
  arguments: [{ usage: '[track]', description: 'this track alone, as the log of a project that has no other' }],
  options: [['--out <file>', 'where to; - and default: stdout, whose last line then sums up']],
  async run(context, [wanted], options) {
    const { out, cwd, signal, onWarning } = context;
    const file = textOption(options, 'out') ?? '-';
    const track =
      wanted === undefined ? undefined : (await lookAtProject(context, (project) => findTrack(project, wanted))).id;
    const about = { track, config: configOf(context), onWarning, signal };
    if (file === '-') {
      const { events, sha256, missing } = await exportProject(folderOf(context), (bytes) => out.bytes(bytes), about);
      tellMissing(out, missing);
      out.note(`${events} events, SHA-256 ${sha256}`);
      return 0;
    }
    const path = resolve(cwd, file);
    const { events, sha256, lastSeq, artifacts, missing } = await exportProjectFile(folderOf(context), path, about);
    tellMissing(out, missing);
    const text = `${path}: ${events} events, ${artifacts} artifacts, SHA-256 ${sha256}`;
    out.result({ file: path, events, artifacts, missing, lastSeq, sha256 }, text);
    return 0;
  },
};

function tellMissing(out: CommandContext['out'], missing: readonly string[]): void {
  if (missing.length > 0) out.note(`Not there, and so left out: ${missing.join(', ')}`);
}
