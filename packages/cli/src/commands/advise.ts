import type { Finding } from '@conductor/core';
import type { Project } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { findTrack } from '../find-track.js';
import { usage } from '../output.js';
import { plain } from '../plain-text.js';
import { scratchCopy } from '../scratch-copy.js';
import type { ScratchCopy } from '../scratch-copy.js';
import { withProject } from '../with-project.js';

type Question = Parameters<Project['advise']>[0];
type Advice = Awaited<ReturnType<Project['advise']>>;

const advisors: readonly Question['advisor'][] = ['ceo', 'cmo', 'cto', 'ux-designer'];

export const adviseCommand: CommandSpec = {
  name: 'advise',
  description: 'ask an agent for advice; it looks at a copy and changes nothing',
  arguments: [
    { usage: '<role>', description: advisors.join(', ') },
    { usage: '[question]', description: 'default: what it would look at first' },
  ],
  async run(context, [role = '', question]) {
    const advisor = advisors.find((known) => known === role);
    if (!advisor)
      throw usage(`${JSON.stringify(role)} is no advisor: ${advisors.join(', ')}`, 'conductor advise cto "…"');
    return withProject(context, async (project) => {
      const { findings, ...advice } = await ask(context, project, { advisor, question });
      context.out.result(
        { role: advisor, ...advice, findings },
        [printable(advice.text), ...findingLines(findings)].join('\n'),
      );
      return 0;
    });
  },
};

export const ctoAdvisorCommand: CommandSpec = {
  name: 'cto-advisor',
  description: 'have the spec and the plan of a track reviewed; exits 1 on FAIL',
  arguments: [{ usage: '[track]', description: 'default: the active one' }],
  async run(context, [wanted]) {
    return withProject(context, async (project) => {
      const { id } = await findTrack(project, wanted);
      const { findings, ...advice } = await ask(context, project, { advisor: 'cto', trackId: id, review: true });
      context.out.result(
        { track: id, ...advice, findings },
        [`${advice.verdict ?? ''}: ${printable(advice.text)}`, ...findingLines(findings)].join('\n'),
      );
      return advice.verdict === 'FAIL' ? 1 : 0;
    });
  },
};

/** The agent gets a copy that is thrown away; what it wrote there is told, and nothing of it comes back. */
async function ask(
  { out, signal }: CommandContext,
  project: Project,
  question: Omit<Question, 'folder'>,
): Promise<Advice> {
  let copy: ScratchCopy | undefined;
  const folder = async () => {
    copy = await scratchCopy(project.root, project.folder, { signal });
    out.note(`Asking the ${question.advisor}`);
    return copy.folder;
  };
  try {
    const advice = await project.advise({ ...question, folder }, { signal });
    const written = ((await copy?.changed()) ?? []).map((path): Finding => ({
      severity: 'warning',
      code: 'ADVISOR_WROTE',
      path,
      message: `The advisor changed ${path} in its copy; nothing of that was kept`,
    }));
    return { ...advice, findings: [...advice.findings, ...written] };
  } finally {
    await copy?.remove();
  }
}

/** An agent's text with its lines, each without control characters. */
function printable(text: string): string {
  return text.split('\n').map(indented).join('\n').trim();
}

function indented(line: string): string {
  return `${/^ */u.exec(line)?.[0] ?? ''}${plain(line)}`;
}

function findingLines(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, message }) => `${severity}: ${plain(message)}`);
}
