import { parseJson } from '@conductor/core';
import type { Json, Opt } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';

/** A floor of tests and what is known about it. */
export interface CoverageFloor {
  readonly name: string;
  readonly floor: number;
  /** Per cent of lines; absent: nobody knows. */
  readonly percent?: number;
}

/** Where the usual tools of JavaScript leave their summary of lines (`json-summary`). */
const summaryPath = 'coverage/coverage-summary.json';
const floors: readonly (readonly [name: string, floor: number, of: RegExp])[] = [
  ['overall', 70, /^/u],
  ['business logic', 90, /(?:^|\/)(?:domain|business|logic|core|services?|pricing|rules)\//iu],
  ['API routes and utilities', 80, /(?:^|\/)(?:api|routes?|controllers?|utils?|utilities|lib|helpers)\//iu],
];

/** Coverage by the floors 70, 90 and 80; without a summary, or without files of a kind, nothing is known of it. */
export async function coverageFloors(
  { workspace, limits }: Pick<EngineContext, 'workspace' | 'limits'>,
  { signal }: Opt = {},
): Promise<readonly CoverageFloor[]> {
  const bytes = await workspace.read(summaryPath, { maxBytes: limits.jsonFileBytes, signal });
  const files = bytes ? filesIn(new TextDecoder().decode(bytes), workspace.root) : [];
  return floors.map(([name, floor, of]) => {
    const counted = files.filter(({ path }) => of.test(path));
    const total = counted.reduce((sum, file) => sum + file.total, 0);
    const covered = counted.reduce((sum, file) => sum + file.covered, 0);
    return { name, floor, ...(total > 0 && { percent: Math.round((covered / total) * 1000) / 10 }) };
  });
}

interface CoveredFile {
  readonly path: string;
  readonly total: number;
  readonly covered: number;
}

function filesIn(text: string, root: string): readonly CoveredFile[] {
  let summary: Json;
  try {
    summary = parseJson(text, { source: summaryPath });
  } catch {
    return []; // damaged: nothing is known
  }
  if (typeof summary !== 'object' || summary === null) return [];
  return Object.entries(summary).flatMap(([path, file]) => {
    const lines = path === 'total' ? undefined : field(file as Json, 'lines');
    const total = field(lines, 'total');
    const covered = field(lines, 'covered');
    if (typeof total !== 'number' || typeof covered !== 'number' || total < 0 || covered < 0) return [];
    return [{ path: path.replace(`${root}/`, ''), total, covered: Math.min(covered, total) }];
  });
}

function field(value: Json | undefined, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, Json>>)[name]
    : undefined;
}
