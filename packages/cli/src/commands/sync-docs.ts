import { ConductorError, isErrorCode } from '@conductor/core';
import type { DocumentCheck, DocumentSync } from '@conductor/core/api';
import type { Project } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { findingLines } from '../finding-lines.js';
import { findTrack } from '../find-track.js';
import { plain } from '../plain-text.js';
import { withProject } from '../with-project.js';

const pollMs = 100;

export const syncDocsCommand: CommandSpec = {
  name: 'sync-docs',
  description: 'bring the business documents up to date; asks the scribe',
  runner: true,
  arguments: [{ usage: '[track]', description: 'what its workers flagged; without it the documents alone' }],
  options: [['--dry-run', 'show the documents in their order and what does not fit; writes nothing']],
  async run(context, [wanted], options) {
    return withProject(context, async (project) => {
      const trackId = wanted === undefined ? undefined : (await findTrack(project, wanted)).id;
      return options['dryRun'] === true ? look(context, project, trackId) : sync(context, project, trackId);
    });
  },
};

async function look({ out, signal }: CommandContext, project: Project, trackId: string | undefined): Promise<number> {
  const check = await project.api.documents.check({ trackId }, { signal });
  const failed = check.findings.some(({ severity }) => severity === 'error');
  const documents = check.tiers.flatMap((tier) => tier.documents);
  out.result({ dryRun: true, verdict: failed ? 'FAIL' : 'PASS', documents, ...check }, checkText(check));
  return failed ? 1 : 0;
}

function checkText({ tiers, impacts, reasons, findings }: DocumentCheck): string {
  return [
    ...(reasons.length > 0 ? [`Decided: ${reasons.map(plain).join('; ')}`] : []),
    `Impact: ${impacts.length > 0 ? impacts.join(', ') : 'any; every document is looked at'}`,
    ...tiers.flatMap(({ tier, name, documents }) => [
      '',
      `Tier ${tier}, ${name}`,
      ...(documents.length > 0 ? documents.map((path) => `  ${plain(path)}`) : ['  none yet']),
    ]),
    '',
    ...(findings.length > 0 ? findingLines(findings) : [fitting(tiers)]),
    'Nothing was written.',
  ].join('\n');
}

function fitting(tiers: DocumentCheck['tiers']): string {
  return tiers.some(({ documents }) => documents.length > 0)
    ? 'The documents fit together.'
    : 'No business document is there yet: product.md is where it begins.';
}

async function sync(context: CommandContext, project: Project, trackId: string | undefined): Promise<number> {
  const { out, signal } = context;
  signal.throwIfAborted();
  const begun = await project.api.documents.sync({ trackId });
  out.note(`Asking the scribe: ${plain(begun.what)}`);
  const ended = await endOf(context, project, begun);
  if (ended.error) throw errorOf(ended.error);
  const { status, what, documents, findings, commit } = ended;
  const verdict = status === 'done' ? 'PASS' : 'FAIL';
  out.result(
    { dryRun: false, verdict, what, documents, findings, ...(commit !== undefined && { commit }) },
    syncText(ended),
  );
  return verdict === 'PASS' ? 0 : 1;
}

/** Asked again and again, as it may run behind a server; Ctrl-C ends the scribe with the project. */
async function endOf({ clock, signal }: CommandContext, { api }: Project, begun: DocumentSync): Promise<DocumentSync> {
  let now = begun;
  while (now.status === 'running') {
    await clock.sleep(pollMs, { signal }).catch((reason: unknown) => {
      throw new ConductorError('INTERRUPTED', 'The synchronisation was interrupted', {
        cause: reason,
        hint: 'What the scribe has written stays, uncommitted; run it again.',
      });
    });
    now = await api.documents.get(begun.id);
  }
  return now;
}

function errorOf({ code, message, hint, retryable }: NonNullable<DocumentSync['error']>): ConductorError {
  return new ConductorError(isErrorCode(code) ? code : 'EXECUTOR_ERROR', message, { hint, retryable });
}

function syncText({ status, what, documents, findings, commit }: DocumentSync): string {
  if (status !== 'done')
    return [...findingLines(findings), 'The documents do not fit together; nothing was committed.'].join('\n');
  return [
    `Synchronised: ${plain(what)}`,
    ...(documents.length > 0 ? documents.map((path) => `  ${plain(path)}`) : ['  no document had to change']),
    ...(commit === undefined ? [] : [`Commit ${commit.slice(0, 12)}`]),
  ].join('\n');
}
