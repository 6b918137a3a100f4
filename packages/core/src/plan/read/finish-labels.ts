import type { DiscoveredDraft, LabelDraft } from './drafts.js';
import type { DiscoveredItem, PlanLabel } from '../model/plan.js';
import { readFiles } from '../text/references.js';

/** A label with its value in one line. */
export function finishLabel(label: LabelDraft): PlanLabel {
  return { name: label.name, value: valueOf(label), line: label.line };
}

function valueOf({ value, more, items }: LabelDraft): string {
  const written = more === undefined ? value : [value, ...more].filter((part) => part !== '').join(' ');
  if (items === undefined) return written;
  return [...(written === '' ? [] : [written]), ...items].join('; ');
}

/** The files that a label names, in its lines and in the bullets below it. */
export function filesOf({ value, more, items }: LabelDraft): readonly string[] {
  const inline = more === undefined ? value : [value, ...more].join(' ');
  return items === undefined ? readFiles(inline) : [inline, ...items].flatMap(readFiles);
}

/** An item of Discovered Work with what its labels say. */
export function finishDiscovered({ text, line, labels }: DiscoveredDraft): DiscoveredItem {
  const finished = labels.map(finishLabel);
  const reason = finished.find(({ name }) => name === 'reason')?.value;
  const recommendation = finished.find(({ name }) => name === 'recommendation')?.value;
  return {
    text,
    ...(reason === undefined ? {} : { reason }),
    ...(recommendation === undefined ? {} : { recommendation }),
    line,
  };
}
