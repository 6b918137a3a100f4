import { ConductorError, parseJson } from '@conductor/core';
import type { Approval } from '@conductor/core/api';
import type { CommandSpec } from '../command.js';
import { textOption } from '../flags.js';
import { findTrack } from '../find-track.js';
import { withProject } from '../with-project.js';

const statuses: readonly Approval['status'][] = ['pending', 'approved', 'denied', 'expired', 'cancelled', 'consumed'];

export const approvalsCommand: CommandSpec = {
  name: 'approvals',
  description: 'questions that wait for an answer',
  options: [
    ['--all', 'answered ones too'],
    ['--track <track>', 'only of this track'],
  ],
  async run({ open, out }, _args, options) {
    return withProject({ open, out }, async (project) => {
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
  const choices = options.map((option) => `  ${option.id.padEnd(10)} ${option.label}`);
  return [
    `${id} (${status})${trackId === undefined ? '' : `, track ${trackId}`}`,
    `  ${summary}`,
    ...choices,
    `  conductor approve ${id} --choice ${options[0]?.id ?? ''}`,
  ].join('\n');
}

const answering = [
  ['--choice <option>', 'one of its options; default: the first'],
  ['--answer <json>', 'data that the question asked for'],
  ['--reason <text>', 'why; handed to the next agent'],
] as const;

function decider(outcome: 'approved' | 'denied'): CommandSpec['run'] {
  return async ({ open, out }, [wanted = ''], options) => {
    return withProject({ open, out }, async (project) => {
      const pending = await project.api.approvals.list({ limit: 500 });
      const matching = pending.items.filter(({ id }) => id === wanted || id.startsWith(wanted));
      if (matching.length > 1)
        throw new ConductorError('APPROVAL_NOT_FOUND', `${wanted} may be ${matching.map(({ id }) => id).join(' or ')}`);
      const answer = textOption(options, 'answer');
      const approval = await project.api.approvals.decide(matching[0]?.id ?? wanted, {
        outcome,
        choice: textOption(options, 'choice'),
        reason: textOption(options, 'reason'),
        answer: answer === undefined ? undefined : parseJson(answer, { source: '--answer' }),
      });
      const resumable = approval.trackId !== undefined;
      out.result(
        { approval, resumable },
        `${approval.id} is ${approval.status}${approval.trackId === undefined ? '' : `\nNext: conductor run ${approval.trackId}`}`,
      );
      return 0;
    });
  };
}

export const approveCommand: CommandSpec = {
  name: 'approve',
  description: 'answer a question with yes, or with one of its options',
  arguments: [{ usage: '<id>', description: 'the question' }],
  options: answering,
  run: decider('approved'),
};

export const denyCommand: CommandSpec = {
  name: 'deny',
  description: 'answer a question with no; its track is paused',
  arguments: [{ usage: '<id>', description: 'the question' }],
  options: answering.slice(1),
  run: decider('denied'),
};
