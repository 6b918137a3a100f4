import type { MetadataWords } from '@conductor/core/files';
import type { Source, ViewRow } from './view-row.js';

/** What our last bytes of `metadata.json` said, and what we had to say: they differ where words of somebody else were kept. */
export interface MetadataBase {
  readonly file: MetadataWords;
  readonly ours: MetadataWords;
}

/** As a row keeps it: the words that matter, not the whole file, which may hold thousands of commits. */
export function baseOf(base: MetadataBase): Source {
  return { text: JSON.stringify(base) };
}

/** Of our newest bytes, and of those before them: after a crash either may be on disk. */
export function basesOf(row: Pick<ViewRow, 'pendingFrom' | 'lastFrom'> | undefined): readonly MetadataBase[] {
  return [row?.pendingFrom, row?.lastFrom].flatMap((source) =>
    source && 'text' in source ? [JSON.parse(source.text) as MetadataBase] : [],
  ); // written by baseOf
}
