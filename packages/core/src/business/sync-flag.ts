import type { Json } from '../ports/values.js';

/** What a worker said of a product, pricing or model decision. */
export interface SyncFlag {
  readonly required: boolean;
  readonly reason?: string;
  readonly documents: readonly string[];
}

const maxDocuments = 50;

/**
 * Reads the flag off an execution summary: `answer.businessSyncRequired` with `businessSyncReason` and `businessDocuments`, and the
 * published lines `Business Doc Sync Required: Yes`, `Reason:` and `Documents:` below it.
 */
export function readSyncFlag(answer: Json | undefined, summary = ''): SyncFlag {
  const record = typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? answer : {};
  const field = (name: string): Json | undefined =>
    Object.hasOwn(record, name) ? (record as Readonly<Record<string, Json>>)[name] : undefined;
  const line = /^[-*\s]{0,8}Business Docs? Sync Required[*\s]{0,4}:[*\s]{0,4}(yes|no)\b/im.exec(summary);
  const below = line === null ? '' : summary.slice(line.index);
  const reason = field('businessSyncReason') ?? labelled(below, 'Reason');
  const documents = field('businessDocuments');
  return {
    required: field('businessSyncRequired') === true || line?.[1]?.toLowerCase() === 'yes',
    ...(typeof reason === 'string' && reason.trim() !== '' && { reason: reason.trim() }),
    documents: Array.isArray(documents)
      ? documents.filter((path): path is string => typeof path === 'string').slice(0, maxDocuments)
      : (labelled(below, 'Documents') ?? '')
          .split(',')
          .map((path) => path.trim())
          .filter((path) => path !== '')
          .slice(0, maxDocuments),
  };
}

function labelled(text: string, name: string): string | undefined {
  return new RegExp(String.raw`^[-*\s]{0,8}${name}[*\s]{0,4}:[*\s]{0,4}(\S.{0,500})$`, 'im').exec(text)?.[1];
}
