import { comparePlans } from './compare-plans.js';
import { verifyEdit } from './edit-target.js';
import type { PlannedEdit } from './edit-target.js';
import { readPlan } from '../parse/parse-plan.js';
import type { ParsedPlan } from '../parse/parse-plan.js';
import { applySplices } from '../write/splices.js';
import type { Splice, SplicedText } from '../write/splices.js';

/** A part of a text that is read by itself. Offsets of its plan count from its start. */
export interface Region {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly read: ParsedPlan;
}

/** Reads a part of a text; `undefined` when something in it reaches beyond it: a fence or a comment. */
export function readRegion(text: string, start: number, end: number): Region | undefined {
  const part = text.slice(start, end);
  const read = readAlone(part);
  return read === undefined ? undefined : { start, end, text: part, read };
}

function readAlone(part: string): ParsedPlan | undefined {
  const { slips, ...read } = readPlan(part);
  return slips.length > 0 ? undefined : read;
}

/**
 * Makes an edit that was planned on a region, its splices in offsets of the region: the region is read again and compared, as a whole
 * text would be. `undefined` when it would reach beyond the region, or when `isSafe` looks at what was read and says no. Throws
 * `EDIT_REFUSED` where a whole text would be refused.
 */
export function editRegion(
  edited: SplicedText,
  region: Region,
  planned: PlannedEdit,
  isSafe: (after: ParsedPlan) => boolean = () => true,
): SplicedText | undefined {
  const next = applySplices(region.text, planned.splices);
  const after = next === undefined ? undefined : readAlone(next.text);
  if (after === undefined || !isSafe(after)) return undefined;
  verifyEdit(region.read, after, planned, comparePlans(region.read.plan, after.plan));
  return applySplices(edited.text, moved(planned.splices, region.start), edited.changedLines);
}

/** Splices of a part of a text that begins at `by`. */
export function moved(splices: readonly Splice[], by: number): readonly Splice[] {
  return splices.map(({ start, end, insert }) => ({ start: start + by, end: end + by, insert }));
}
