import { ConductorError, instant } from '@conductor/core';
import { businessCommitMessage, impactWords } from '@conductor/core/business';
import { appendDecision, encodeLike, parseDecisionLog, readTextFile } from '@conductor/core/files';
import { sha256Hex } from '@conductor/core/hash';
import type { DecisionEntry } from '@conductor/core/files';
import type { EngineContext } from '../engine-context.js';
import { commitWork } from '../run/commit-work.js';
import type { SyncPlan } from './sync-documents.js';

/** Who writes documents of the business, in logs and reports. */
export const syncAgent = 'business-docs-sync';

const maxTries = 5;
const plainText = { encoding: 'utf-8', mark: false } as const;

/** A synchronisation that is to be put on record. */
export interface SyncRecord {
  /** What the outside is told of it: a second commit with this key is not made. */
  readonly key: string;
  readonly what: string;
  readonly trackId?: string | undefined;
  readonly scope: SyncPlan['scope'];
  /** Documents that were changed. */
  readonly documents: readonly string[];
}

/** Appends the decision to decision-log.md and commits it with the documents, those of earlier tries as well: one commit, once. */
export async function recordSync(
  engine: EngineContext,
  record: SyncRecord,
): Promise<{ readonly documents: readonly string[]; readonly commit?: string }> {
  const scoped = record.scope.tiers.flatMap(({ documents }) => documents.map(({ path }) => path));
  const status = engine.git === 'off' ? undefined : await engine.repository?.status();
  const uncommitted = status?.changed ?? [];
  const documents = [...new Set([...record.documents, ...scoped.filter((path) => uncommitted.includes(path))])];
  const log = `${engine.folder}/decision-log.md`;
  await appendOnce(engine, log, entryOf(engine, { ...record, documents }));
  const message = businessCommitMessage(record.what);
  const paths = status === undefined || status.kind === 'none' ? [] : [...documents, log];
  const commit = await commitWork(engine, { key: record.key, paths, message });
  return { documents, ...(commit !== undefined && { commit }) };
}

function entryOf(engine: EngineContext, { what, trackId, scope, documents }: SyncRecord): DecisionEntry {
  const names = documents.map((path) => path.replace(`${engine.folder}/`, ''));
  const impact = scope.impacts.map((each) => impactWords[each]).join('; ');
  return {
    date: instant(engine.clock.now()),
    ...(trackId !== undefined && { track: trackId }),
    decision: what,
    category: scope.impacts.length > 0 ? scope.impacts.join(', ').toUpperCase() : 'BUSINESS',
    impact: [
      ...(impact === '' ? [] : [impact]),
      names.length > 0 ? names.join(', ') : 'no document had to change',
    ].join(': '),
    loggedBy: syncAgent,
  };
}

/** The last entry may be ours already: a crash between this and the commit must not say it twice. */
async function appendOnce(engine: EngineContext, path: string, entry: DecisionEntry): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const bytes = await engine.workspace.read(path, { maxBytes: engine.limits.viewBytes });
    const file = bytes && readTextFile(bytes);
    if (file?.whole === false) return engine.logger.warn(`${path} holds bytes that are no text and is left alone`);
    const text = file?.text;
    const last = parseDecisionLog(text ?? '').at(-1);
    const [appended] = parseDecisionLog(appendDecision(undefined, entry));
    if (last && appended && same(last, appended)) return;
    try {
      const ifHash = bytes ? sha256Hex(bytes) : '';
      await engine.workspace.replace(path, encodeLike(appendDecision(text, entry), file ?? plainText), { ifHash });
      return;
    } catch (error) {
      if (!ConductorError.is(error, 'FILE_CHANGED') || tries >= maxTries) throw error;
    }
  }
}

const compared = ['date', 'track', 'decision', 'category', 'loggedBy'] as const;
const same = (a: DecisionEntry, b: DecisionEntry) => compared.every((field) => a[field] === b[field]);
