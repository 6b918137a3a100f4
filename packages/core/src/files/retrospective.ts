import * as z from '@conductor/core/schema';
import { ConductorError } from '../kernel/error.js';
import { parseJson } from '../kernel/json.js';
import { day, reportFacts, reportLine, reportOf, reportSection } from './report-text.js';

/** What `retrospective.md` of a track says (4.10). */
export interface Retrospective {
  readonly completed?: string | undefined;
  readonly duration?: string | undefined;
  readonly fixCycles?: number | undefined;
  readonly summary: readonly string[];
  readonly workedWell: readonly string[];
  readonly problems: readonly string[];
  readonly patterns: readonly string[];
  readonly errors: readonly string[];
  readonly improvements: readonly { readonly skill: string; readonly improvement: string; readonly done?: boolean }[];
  readonly recommendations: readonly string[];
}

const sections = [
  ['Summary', 'summary'],
  ['What Worked Well', 'workedWell'],
  ['What Caused Problems', 'problems'],
  ['Patterns Extracted', 'patterns'],
  ['Errors Logged', 'errors'],
  ['Skill Improvements Proposed', 'improvements'],
  ['Recommendations for Similar Tracks', 'recommendations'],
] as const;

/** The text of `retrospective.md`; every section is there, also an empty one. */
export function formatRetrospective(trackId: string, retrospective: Retrospective): string {
  const { completed, duration, fixCycles, improvements } = retrospective;
  return reportOf([
    `# Retrospective: ${reportLine(trackId)}`,
    reportFacts([
      ['Completed', completed === undefined ? undefined : day(completed)],
      ['Duration', duration],
      ['Fix Cycles', fixCycles],
    ]),
    ...sections.map(([title, name]) => {
      const items =
        name === 'improvements'
          ? improvements.map(
              ({ skill, improvement, done }) =>
                `- [${done === true ? 'x' : ' '}] ${reportLine(skill)}: ${reportLine(improvement)}`,
            )
          : retrospective[name].map((item) => (name === 'summary' ? `${reportLine(item)}\n` : `- ${reportLine(item)}`));
      return reportSection(title, items.length === 0 ? ['- none'] : items).trimEnd();
    }),
  ]);
}

/** Reads `retrospective.md`: paragraphs of the summary, items of the other sections. What is missing is empty. Never throws. */
export function parseRetrospective(text: string): Retrospective {
  const lists = new Map<string, string[]>(sections.map(([, name]) => [name, []]));
  const facts = new Map<string, string>();
  let current: string | undefined = '';
  for (const line of text.split(/\r?\n/)) {
    const title = /^ {0,3}#{1,6}[ \t]+(\S.{0,300})$/.exec(line.trimEnd())?.[1];
    if (title !== undefined) {
      current = sections.find(([name]) => name.toLowerCase() === title.trim().toLowerCase())?.[1];
      if (/^retrospective/i.test(title)) current = '';
      continue;
    }
    const [, name, value] =
      /^[-* ]{0,4}\*{0,2}([A-Za-z][A-Za-z ]{1,30}?)\*{0,2}:\*{0,2}[ \t]{1,4}(\S.{0,1000})$/.exec(line.trimEnd()) ?? [];
    if (current === '' && name !== undefined && value !== undefined) facts.set(name.toLowerCase(), value.trim());
    const item = line.replace(/^[ \t]{0,8}(?:[-*+]|\d{1,9}[.)])[ \t]{1,4}/, '').trim();
    if (current !== undefined && item !== '' && item !== 'none') lists.get(current)?.push(unescaped(item));
  }
  const of = (name: string) => lists.get(name) ?? [];
  const cycles = /^\d{1,6}/.exec(facts.get('fix cycles') ?? '')?.[0];
  return {
    completed: facts.get('completed'),
    duration: facts.get('duration'),
    fixCycles: cycles === undefined ? undefined : Number(cycles),
    summary: of('summary'),
    workedWell: of('workedWell'),
    problems: of('problems'),
    patterns: of('patterns'),
    errors: of('errors'),
    improvements: of('improvements').map(improvementOf),
    recommendations: of('recommendations'),
  };
}

/** What the writer escapes at the beginning of a line and before tags. */
function unescaped(item: string): string {
  return item.replaceAll('\\<', '<').replace(/^\\(?=[[#>|+*-])|^(\d{1,9})\\(?=[.)])/, '$1');
}

function improvementOf(item: string): Retrospective['improvements'][number] {
  const [, mark = ' ', rest = item] = /^\[(.)\][ \t]{1,4}(\S.*)$/.exec(item) ?? [];
  const [, skill = '', improvement = rest] = /^([^:]{1,100}):[ \t]{1,4}(\S.*)$/.exec(rest) ?? [];
  return { skill: skill.replace(/^[*`]{1,3}|[*`]{1,3}$/g, ''), improvement, ...(/x/i.test(mark) && { done: true }) };
}

const text = z.string();
const Published = z.looseObject({
  track_id: text,
  completed_at: text,
  patterns_added: z
    .array(z.looseObject({ name: text, category: text.optional(), added_to: text.optional() }))
    .default([]),
  errors_added: z.array(z.looseObject({ id: text, pattern: text.optional(), added_to: text.optional() })).default([]),
  skill_improvements: z.array(z.looseObject({ skill: text, improvement: text, priority: text.optional() })).default([]),
  retrospective_file: text.optional(),
});

/** The one-line answer of the agent that wrote a retrospective. */
export interface RetrospectiveAnswer {
  readonly trackId: string;
  readonly completedAt: string;
  readonly patternsAdded: readonly {
    readonly name: string;
    readonly category?: string | undefined;
    readonly addedTo?: string | undefined;
  }[];
  readonly errorsAdded: readonly {
    readonly id: string;
    readonly pattern?: string | undefined;
    readonly addedTo?: string | undefined;
  }[];
  readonly skillImprovements: readonly {
    readonly skill: string;
    readonly improvement: string;
    readonly priority?: string | undefined;
  }[];
  readonly retrospectiveFile?: string | undefined;
}

/** Reads the agent's answer; lists may be missing. Throws VALIDATION_FAILED for what is no such answer. */
export function parseRetrospectiveAnswer(source: string): RetrospectiveAnswer {
  const read = Published.safeParse(parseJson(source, { source: 'the retrospective' }));
  if (!read.success)
    throw new ConductorError('VALIDATION_FAILED', `The answer is no retrospective: ${z.prettifyError(read.error)}`);
  const answer = read.data;
  return {
    trackId: answer.track_id,
    completedAt: answer.completed_at,
    patternsAdded: answer.patterns_added.map(({ name, category, added_to: addedTo }) => ({ name, category, addedTo })),
    errorsAdded: answer.errors_added.map(({ id, pattern, added_to: addedTo }) => ({ id, pattern, addedTo })),
    skillImprovements: answer.skill_improvements.map(({ skill, improvement, priority }) => ({
      skill,
      improvement,
      priority,
    })),
    retrospectiveFile: answer.retrospective_file,
  };
}

/** The answer as one line of JSON. */
export function formatRetrospectiveAnswer(answer: RetrospectiveAnswer): string {
  return JSON.stringify({
    track_id: answer.trackId,
    completed_at: answer.completedAt,
    patterns_added: answer.patternsAdded.map(({ name, category, addedTo }) => ({ name, category, added_to: addedTo })),
    errors_added: answer.errorsAdded.map(({ id, pattern, addedTo }) => ({ id, pattern, added_to: addedTo })),
    skill_improvements: answer.skillImprovements,
    retrospective_file: answer.retrospectiveFile,
  });
}
