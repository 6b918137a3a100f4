import type { DagDraft } from './drafts.js';
import type { ScannedLine } from '../text/line-reader.js';

/**
 * Follows the fences of a text and notes those that hold a `dag:` block. Asked with the lines of fenced code in order; on the line that
 * closes one it says the column where that fence began.
 */
export function dagFences(text: string, dags: DagDraft[]): (line: ScannedLine) => number | undefined {
  let open: { start: number; line: number; indent: number; yaml: boolean } | undefined;

  return (line) => {
    if (line.kind === 'fenceOpen') {
      open = { start: nextLineStart(text, line.end), line: line.number + 1, indent: line.indent, yaml: isYaml(line) };
      return undefined;
    }
    if (open === undefined || line.kind !== 'fenceClose') return undefined;
    const { start, line: first, indent, yaml } = open;
    open = undefined;
    if (yaml && isDag(text, start, line.start)) dags.push({ line: first, start, end: line.start });
    return indent;
  };

  function isYaml(line: ScannedLine): boolean {
    const info = text.slice(line.content, Math.min(line.end, line.content + 200)).replace(/^[`~]+/, '');
    return /^(?:ya?ml)?$/i.test(info.trim());
  }
}

function nextLineStart(text: string, end: number): number {
  return end + (text.startsWith('\r\n', end) ? 2 : 1);
}

function isDag(text: string, start: number, end: number): boolean {
  const head = text.slice(start, Math.min(end, start + 4096));
  return /^(?:[ \t]*(?:#.*)?(?:\r?\n|\r(?!\n)))*[ \t]*["']?dag["']?[ \t]*:/.test(head);
}
