import type { Finding } from '../../kernel/finding.js';
import { oneLine } from '../text/one-line.js';
import { scanLines } from '../text/scan-lines.js';
import type { ScannedLine } from '../text/line-reader.js';

/** One requirement, criterion or deliverable, with the line it begins on. */
export interface SpecItem {
  /** `R1`, `AC-2`, `FR-3.1` when the item begins with one. */
  readonly id?: string;
  readonly text: string;
  readonly line: number;
}

/** What evaluators and gates need of a spec.md. */
export interface SpecDocument {
  readonly title: string;
  /** Text of Goal or Overview, paragraphs joined. */
  readonly goal?: string;
  readonly requirements: readonly SpecItem[];
  readonly acceptance: readonly SpecItem[];
  /** The section Deliverables; without one the requirements. */
  readonly deliverables: readonly SpecItem[];
  readonly outOfScope: readonly SpecItem[];
  readonly dependencies: readonly SpecItem[];
  readonly findings: readonly Finding[];
}

type Part = 'goal' | 'requirements' | 'acceptance' | 'deliverables' | 'outOfScope' | 'dependencies';

/** Headings of both published templates and of their relatives, most specific first. */
const parts: readonly (readonly [Part, RegExp])[] = [
  ['acceptance', /acceptance|success criteria|definition of done|done when/i],
  ['outOfScope', /out[- ]of[- ]scope|non-?goals|not in scope/i],
  ['deliverables', /deliverables?/i],
  ['requirements', /requirements?/i],
  ['dependencies', /dependenc|prerequisite/i],
  ['goal', /^(?:goals?|overview|objectives?|summary|purpose)\b/i],
];

interface OpenItem {
  lines: string[];
  line: number;
  /** Column of its bullet, `undefined` for a paragraph. */
  indent?: number;
}

/**
 * Reads a spec.md by its headings: Overview or Goal, Requirements, Acceptance Criteria, Deliverables, Out of Scope, Dependencies, at any
 * level. Items are bullets, numbered lines and checkboxes; a section without any gives its paragraphs. Total; missing Requirements or
 * Acceptance Criteria are warnings.
 */
export function parseSpec(text: string): SpecDocument {
  const read = readSections(text);
  const items = (part: Part): readonly SpecItem[] => specItems(read.sections.get(part) ?? []);
  const goal = items('goal')
    .map((item) => item.text)
    .join('\n');
  const requirements = items('requirements');
  const acceptance = items('acceptance');
  const deliverables = items('deliverables');
  return {
    title: read.title.replace(/^(?:spec(?:ification)?(?: of| for)?|track spec)[ \t]*[:—–-][ \t]*/i, ''),
    ...(goal === '' ? {} : { goal }),
    requirements,
    acceptance,
    deliverables: deliverables.length > 0 ? deliverables : requirements,
    outOfScope: items('outOfScope'),
    dependencies: items('dependencies').filter(({ text: words }) => !/^none\b/i.test(words)),
    findings: missing(requirements, acceptance),
  };
}

function readSections(text: string): { title: string; sections: ReadonlyMap<Part, readonly OpenItem[]> } {
  const sections = new Map<Part, OpenItem[]>();
  let title = '';
  let part: { name: Part; level: number } | undefined;
  let open: OpenItem | undefined;
  scanLines(text, (line) => {
    if (line.kind === 'heading') {
      const { level, words } = headingOf(text, line);
      if (level === 1 && title === '') title = words;
      else part = partOf(words, level, part);
      open = undefined;
    } else if (line.kind === 'blank' || line.kind === 'rule') open = undefined;
    else if (part !== undefined) open = readLine(text, line, sections, part.name, open);
  });
  return { title, sections };
}

function headingOf(text: string, line: ScannedLine): { level: number; words: string } {
  const words = text.slice(line.content, line.visibleEnd);
  const level = /^#+/.exec(words)?.[0].length ?? 1;
  return { level, words: oneLine(words.slice(level)).replace(/^\d+(?:\.\d+)*[.)]?[ ]+/, '') };
}

/** A deeper heading of no known name (`### Functional`) stays within its section. */
function partOf(words: string, level: number, open: { name: Part; level: number } | undefined): typeof open {
  const found = parts.find(([, pattern]) => pattern.test(words))?.[0];
  if (found !== undefined) return { name: found, level };
  return open !== undefined && level > open.level ? open : undefined;
}

function readLine(
  text: string,
  line: ScannedLine,
  sections: Map<Part, OpenItem[]>,
  part: Part,
  open: OpenItem | undefined,
): OpenItem | undefined {
  const words = text.slice(line.content, line.visibleEnd).trim();
  const list = sections.get(part) ?? [];
  sections.set(part, list);
  if (line.kind === 'item') {
    const body = words.replace(/^(?:[-*+]|\d{1,9}[.)])[ \t]*(?:\[[^\]]?\][ \t]+)?/, '');
    const above = list.at(-1);
    if (above?.indent !== undefined && line.indent >= above.indent + 2) {
      above.lines.push(body);
      return above;
    }
    const item = { lines: [body], line: line.number, indent: line.indent };
    list.push(item);
    return item;
  }
  if (line.kind !== 'text' && line.kind !== 'quote') return undefined;
  if (open !== undefined) {
    open.lines.push(words);
    return open;
  }
  const paragraph = { lines: [words], line: line.number };
  list.push(paragraph);
  return paragraph;
}

function specItems(items: readonly OpenItem[]): readonly SpecItem[] {
  const bullets = items.filter(({ indent }) => indent !== undefined);
  return (bullets.length > 0 ? bullets : items).flatMap(({ lines, line }) => {
    const words = oneLine(lines.join(' '));
    const id = /^\**([A-Z]{1,4}-?\d{1,4}(?:\.\d{1,4})*)\**[ \t]*[:.)—–-]/.exec(words)?.[1];
    return words === '' ? [] : [{ ...(id === undefined ? {} : { id }), text: words, line }];
  });
}

function missing(requirements: readonly SpecItem[], acceptance: readonly SpecItem[]): readonly Finding[] {
  const found: Finding[] = [];
  if (requirements.length === 0) found.push(absent('SPEC_REQUIREMENTS_MISSING', 'Requirements'));
  if (acceptance.length === 0) found.push(absent('SPEC_ACCEPTANCE_MISSING', 'Acceptance Criteria'));
  return found;
}

function absent(code: string, section: string): Finding {
  return {
    severity: 'warning',
    code,
    line: 1,
    message: `The spec says nothing under ${section}`,
    hint: `Write a section \`## ${section}\` with a list.`,
  };
}

/** What a spec is written from when nobody hands one in. */
export interface SpecOutline {
  readonly name: string;
  readonly goal?: string | undefined;
  readonly requirements?: readonly string[] | undefined;
  readonly acceptance?: readonly string[] | undefined;
  readonly deliverables?: readonly string[] | undefined;
}

/** Writes a spec.md. Without requirements the goal is the requirement, without acceptance it is the criterion. */
export function formatSpec(outline: SpecOutline): string {
  const name = oneLine(outline.name);
  const goal = oneLine(outline.goal ?? '') || name;
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Requirements', outline.requirements ?? [goal]],
    ['Deliverables', outline.deliverables ?? []],
    ['Acceptance Criteria', outline.acceptance?.length ? outline.acceptance : [goal]],
  ];
  const written = sections
    .filter(([, items]) => items.length > 0)
    .map(([title, items]) => `## ${title}\n\n${items.map((item) => `- ${oneLine(item)}`).join('\n')}`);
  return `${[`# ${name}`, `## Goal\n\n${goal}`, ...written].join('\n\n')}\n`;
}
