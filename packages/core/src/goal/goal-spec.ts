import { oneLine } from '../plan/text/one-line.js';
import type { GoalReading } from './read-goal.js';

/** Read by people and by whoever plans: nothing in this spec was decided by anybody but the author of the goal. */
const note = `> Written from the goal alone: these are its own words, and nothing else is decided yet. To be filled in: the requirements one
> by one, how each of them is seen to be done, and what is out of scope.`;

/**
 * The spec.md that a goal gives by itself: its words as goal, requirement and criterion, and what is to be filled in, said as such.
 * The same goal gives the same text. Nothing in the goal can become a heading, a comment or a fence.
 */
export function specOfGoal({ title, text, items, technical }: GoalReading): string {
  const wanted = (items.length > 0 ? items : [text]).map((item) => `- ${harmlessLine(item)}`).join('\n');
  const touched = technical.length > 0 ? `- Named in the goal: ${technical.join(', ')}\n\n` : '';
  return `# ${oneLine(title)}

${note}

## Goal

${text.split('\n').map(harmlessLine).join('\n')}

## Requirements

${wanted}

<!-- To be filled in: what exactly is needed, one line each. -->

## Acceptance Criteria

${wanted}

<!-- To be filled in: how one sees that it is done. -->

## Out of Scope

<!-- To be filled in: what is left alone. -->

## Technical Notes

${touched}<!-- To be filled in: files, interfaces, constraints. -->
`;
}

/** A line of prose that is no Markdown block but a list item, and holds none behind its bullets. */
function harmlessLine(line: string): string {
  const words = oneLine(line);
  const bullets = /^(?:(?:[-*+]|\d{1,9}[.)]) )*/u.exec(words)?.[0] ?? '';
  const rest = words.slice(bullets.length);
  if (/^[-*_](?:\s*[-*_]){2,}\s*$/u.test(words)) return `\\${words}`;
  return /^(?:[#>`~=|<]|[-*_+](?!\s)|[-*_](?:\s*[-*_]){2,}\s*$)/u.test(rest) ? `${bullets}\\${rest}` : words;
}
