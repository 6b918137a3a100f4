import { ConductorError, parseJson } from '@conductor/core';
import type { Approval } from '@conductor/core/api';
import type { CommandSpec } from '../command.js';
import { textOption } from '../flags.js';
import { findTrack } from '../find-track.js';
import { cut, plain, wrap } from '../plain-text.js';
import { whereFlag } from '../where.js';
import { lookAtProject, withProject } from '../with-project.js';
import { runAndTell } from './run.js';

const columns = 80;
const statuses: readonly Approval['status'][] = ['pending', 'approved', 'denied', 'expired', 'cancelled', 'consumed'];

export const approvalsCommand: CommandSpec = {
  name: 'approvals',
  description: 'questions that wait for an answer',
  options: [
    ['--all', 'answered ones too'],
    ['--track <track>', 'only of this track'],
  ],
  async run({ open, out }, _args, options) {
    return lookAtProject({ open, out }, async (project) => {
      const wanted = textOption(options, 'track');
      const trackId = wanted === undefined ? undefined : (await findTrack(project, wanted)).id;
      const approvals: Approval[] = [];
      for (const status of options['all'] === true ? statuses : statuses.slice(0, 1)) {
        approvals.push(...(await project.api.approvals.list({ status, trackId, limit: 500 })).items);
      }
      out.result(
        { approvals },
        approvals.length === 0 ? 'No question is open.' : approvals.map(approvalText).join('\n\n'),
      );
      return 0;
    });
  },
};

function approvalText({ id, status, summary, options, trackId }: Approval): string {
  const choices = options.map((option) => cut(`  ${option.id.padEnd(10)} ${plain(option.label)}`, columns));
  return [
    `${id} (${status})${trackId === undefined ? '' : `, track ${trackId}`}`,
    ...wrap(plain(summary), columns - 2).map((text) => `  ${text}`),
    ...choices,
    `  conductor approve ${id} --choice ${options[0]?.id ?? ''}`,
  ].join('\n');
}

const answering = [
  ['--choice <option>', 'one of its options; default: the first'],
  ['--answer <json>', 'data that the question asked for'],
  ['--reason <text>', 'why; handed to the next agent'],
  ['--run', 'then run its track, and watch it'],
] as const;

const running = { options: answering, streaming: 'run', runner: 'run' } as const;

function decider(outcome: 'approved' | 'denied'): CommandSpec['run'] {
  return async (context, [wanted = ''], options) => {
    const { out } = context;
    return withProject(context, async (project) => {
      const pending = await project.api.approvals.list({ limit: 500 });
      const exact = pending.items.filter(({ id }) => id === wanted);
      const matching = exact.length > 0 ? exact : pending.items.filter(({ id }) => id.startsWith(wanted));
      if (matching.length > 1)
        throw new ConductorError(
          'APPROVAL_NOT_FOUND',
          `${wanted} may be ${matching.map(({ id }) => id).join(' or ')}`,
          {
            hint: 'Type more of the id.',
          },
        );
      const answer = textOption(options, 'answer');
      const approval = await project.api.approvals.decide(matching[0]?.id ?? wanted, {
        outcome,
        choice: textOption(options, 'choice'),
        reason: textOption(options, 'reason'),
        answer: answer === undefined ? undefined : parseJson(answer, { source: '--answer' }),
      });
      const { id, status, trackId } = approval;
      const fields = { approval, resumable: trackId !== undefined };
      const text = `${id} is ${status}`;
      if (options['run'] !== true || trackId === undefined) {
        const next = trackId === undefined ? '' : `\nNext: conductor run${whereFlag(context, project.root)} ${trackId}`;
        out[options['run'] === true ? 'end' : 'result'](fields, `${text}${next}`);
        return 0;
      }
      out.line('status', fields, text);
      return runAndTell(context, project, trackId, { input: {} });
    });
  };
}

export const approveCommand: CommandSpec = {
  name: 'approve',
  description: 'answer a question with yes, or with one of its options',
  arguments: [{ usage: '<id>', description: 'the question' }],
  ...running,
  run: decider('approved'),
};

export const denyCommand: CommandSpec = {
  name: 'deny',
  description: 'answer a question with no; its track is paused',
  arguments: [{ usage: '<id>', description: 'the question' }],
  ...running,
  options: answering.filter(([flag]) => !flag.startsWith('--choice')),
  run: decider('denied'),
};
