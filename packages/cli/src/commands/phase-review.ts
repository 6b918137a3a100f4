import { ConductorError } from '@conductor/core';
import type { PhaseReview, Track } from '@conductor/core/api';
import type { Project } from '@conductor/node';
import type { CommandSpec } from '../command.js';
import { findingLines } from '../finding-lines.js';
import { findTrack } from '../find-track.js';
import { textOption } from '../flags.js';
import { plain } from '../plain-text.js';
import { withProject } from '../with-project.js';

export const phaseReviewCommand: CommandSpec = {
  name: 'phase-review',
  description: 'what a phase delivered, by the log and the files; exits 1 when it does not pass',
  arguments: [{ usage: '[track]', description: 'default: the active one, else the newest' }],
  options: [['--phase <n>', 'its number; default: the last complete one']],
  async run(context, [wanted], options) {
    return withProject(context, async (project) => {
      const { id } = await trackOf(project, wanted);
      const phase = textOption(options, 'phase');
      const review = await project.api.documents.review(id, { phase }, { signal: context.signal });
      const { path: report, trackId: track, ...rest } = review;
      context.out.result({ report, track, ...rest }, reviewText(review));
      return review.verdict === 'PASS' ? 0 : 1;
    });
  },
};

/** A review is also wanted when everything is over: then of the track that changed last. */
async function trackOf(project: Project, wanted: string | undefined): Promise<Pick<Track, 'id'>> {
  try {
    return await findTrack(project, wanted);
  } catch (error) {
    if (wanted !== undefined || !ConductorError.is(error, 'TRACK_NOT_FOUND')) throw error;
    const { items } = await project.api.tracks.list({ limit: 500 });
    const [newest] = items;
    if (!newest || items.some(({ lifecycle }) => lifecycle === 'draft' || lifecycle === 'ready')) throw error;
    return newest;
  }
}

const marks: Readonly<Record<string, string>> = { PASS: '✓', FAIL: '✗' };

function reviewText({ trackId, phase, title, verdict, path, checks, findings }: PhaseReview): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return [
    `Phase ${plain(phase)} of ${trackId}, ${plain(title)}: ${verdict}`,
    '',
    ...checks.map(({ name, result, detail }) => {
      const more = detail === undefined ? '' : `  (${plain(detail)})`;
      return `  ${marks[result] ?? '·'} ${plain(name).padEnd(width)}  ${result}${more}`;
    }),
    ...(findings.length > 0 ? ['', ...findingLines(findings)] : []),
    '',
    `Report: ${path}`,
  ].join('\n');
}
