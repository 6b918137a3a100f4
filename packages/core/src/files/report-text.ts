const itemLength = 1000;

/** Text of an agent, an evaluator or a person as one line of a report: it cannot begin a heading, a task or a tag. */
export function reportLine(text: string): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  const cut = line.length > itemLength ? `${line.slice(0, itemLength - 1)}…` : line;
  return cut
    .replaceAll('<', '\\<')
    .replace(/^[[#>|+*-]|^\d{1,9}(?=[.)])/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`));
}

/** `key: value` lines under a heading, kept apart by hard breaks; absent values are left out. */
export function reportFacts(facts: readonly (readonly [name: string, value: string | number | undefined])[]): string {
  return facts
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`**${name}**: ${typeof value === 'number' ? value : reportLine(value)}`],
    )
    .join('  \n');
}

/** A section, or nothing when it has no items. */
export function reportSection(title: string, items: readonly string[], level = 2): string {
  return items.length === 0 ? '' : `${'#'.repeat(level)} ${title}\n\n${items.join('\n')}`;
}

/** Parts with one empty line between them, and a line end at the end. */
export function reportOf(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The day of an instant. */
export function day(at: string): string {
  return at.slice(0, 10);
}
