import type { BoardSession, Vote } from '@conductor/core';
import { capped, plainLine } from './plain-text.js';

/** The published record of a meeting in Markdown (`resolution.md`, 10.4). Texts of directors are data: cleaned, escaped, cut. */
export function minutes(session: BoardSession): string {
  const quick = session.kind === 'quick';
  const parts = [
    heading(session),
    quick ? quickTable(session) : voteTable(session),
    finalCount(session, quick),
    section(
      'Conditions',
      session.conditions.map(
        (condition) =>
          `- [ ] ${prose(condition.text)} – verified by ${condition.verify.kind} \`${code(condition.verify.ref)}\``,
      ),
    ),
    section('Discussion Highlights', highlights(session)),
    section('Dissenting Opinions', dissent(session, quick)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading({ id, checkpoint, verdict, status, proposal }: BoardSession): string {
  const facts = [
    `**Proposal**: ${prose(proposal.title)} (\`${code(proposal.subject)}\`, revision ${proposal.subjectRevision})`,
    `**Session**: \`${code(id)}\``,
    `**Checkpoint**: ${prose(checkpoint)}`,
    `**Verdict**: ${verdict ?? status}`,
  ];
  return `# Board Resolution\n\n${facts.join('  \n')}`;
}

function voteTable(session: BoardSession): string {
  const rows = session.directors.map((director) => {
    const vote = session.votes[director];
    const key = session.conditions.find((condition) => condition.director === director);
    return [
      cell(director),
      change(session, director),
      vote ? percent(vote.confidence) : '–',
      key ? cell(key.text) : '–',
    ];
  });
  return table('Votes', ['Director', 'Vote', 'Confidence', 'Key Condition'], rows);
}

/** `CONCERNS→APPROVE`: a mind that changed between assessment and vote. */
function change({ assessments, votes }: BoardSession, director: string): string {
  const before = assessments[director]?.verdict;
  const after = votes[director]?.verdict ?? 'ABSTAIN';
  return before === undefined || before === after ? after : `${before}→${after}`;
}

function quickTable({ directors, assessments }: BoardSession): string {
  const rows = directors.map((director) => {
    const own = assessments[director];
    return [cell(director), own?.verdict ?? 'ABSTAIN', own ? String(own.score) : '–', cell(own?.concerns[0] ?? '–')];
  });
  return table('Quick Review', ['Director', 'Verdict', 'Score', 'Top Concern'], rows);
}

function finalCount(session: BoardSession, quick: boolean): string {
  const sides = session.directors.map((director) => side(session, quick, director));
  const of = (verdict: Vote['verdict']) => sides.filter((other) => other === verdict).length;
  return `**Final Count**: ${of('APPROVE')} approve, ${of('REJECT')} reject, ${of('ABSTAIN')} abstain`;
}

function side({ assessments, votes }: BoardSession, quick: boolean, director: string): Vote['verdict'] {
  if (!quick) return votes[director]?.verdict ?? 'ABSTAIN';
  const verdict = assessments[director]?.verdict;
  return verdict === undefined ? 'ABSTAIN' : verdict === 'REJECT' ? 'REJECT' : 'APPROVE';
}

function highlights({ remarks }: BoardSession): readonly string[] {
  return remarks.map(
    ({ round, from, to, kind, message }) =>
      `- Round ${round}, ${prose(from)} → ${prose(to)} (${kind}): ${prose(message)}`,
  );
}

function dissent(session: BoardSession, quick: boolean): readonly string[] {
  if (session.verdict === undefined || session.verdict === 'ESCALATE') return [];
  const other = session.verdict === 'REJECTED' ? 'APPROVE' : 'REJECT';
  return session.directors.flatMap((director) => {
    if (side(session, quick, director) !== other) return [];
    const reason =
      session.votes[director]?.dissentNoted ?? session.assessments[director]?.concerns[0] ?? 'no reason given';
    return [`- ${prose(director)}: ${prose(reason)}`];
  });
}

function section(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `## ${title}\n\n${items.join('\n')}`;
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return `## ${title}\n\n${lines.join('\n')}`;
}

function percent(confidence: number): string {
  return `${Math.round(confidence * 100)} %`;
}

/** One line that Markdown cannot take for markup of ours: no tag, no link, no table, no emphasis out of balance. */
function prose(text: string): string {
  return capped(plainLine(text), 500).replace(/[\\`*_[\]<>|#]/g, '\\$&');
}

function cell(text: string): string {
  return prose(capped(plainLine(text), 160));
}

/** Inside back-ticks nothing can be escaped, so what would end them is left out. */
function code(text: string): string {
  return capped(plainLine(text), 200).replace(/[`|<>]/g, '');
}
