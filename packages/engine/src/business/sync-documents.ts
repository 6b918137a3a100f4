import { ConductorError } from '@conductor/core';
import type { Finding } from '@conductor/core';
import { businessDocument, checkConsistency, heldToTier, syncScope } from '@conductor/core/business';
import type { BusinessImpact, BusinessTrigger, DocumentChange, SyncScope } from '@conductor/core/business';
import type { Json, Outcome } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { businessFiles, dependenciesOf, textsOf } from './documents.js';
import type { DocumentFile } from './documents.js';

/** Why documents are synchronised. */
export interface SyncCause {
  readonly trigger: BusinessTrigger;
  readonly impacts: readonly BusinessImpact[];
  /** What was decided, in the words of whoever decided it. */
  readonly reasons: readonly string[];
}

/** How a synchronisation reaches the outside. */
export interface SyncHands {
  /** Asks the scribe for one tier; anything but `done` ends the synchronisation. */
  ask(input: Readonly<Record<string, Json>>, signal: AbortSignal): Promise<Outcome>;
  /** Keeps bytes that do not count, before they are taken out of the file. */
  keep(path: string, bytes: Uint8Array, finding: Finding): Promise<void>;
}

/** What there is to do, before anybody is asked. */
export interface SyncPlan {
  readonly scope: SyncScope;
  /** What does not fit now. */
  readonly findings: readonly Finding[];
}

/** What became of it. */
export interface Synced {
  /** Documents that were changed, in the order of their tiers. */
  readonly documents: readonly string[];
  /** Errors: the documents are not synchronised. */
  readonly findings: readonly Finding[];
}

/** Looks at the documents and writes nothing: what a decision concerns, and what does not fit already. */
export async function planSync(
  engine: EngineContext,
  { trigger, impacts }: SyncCause,
  signal?: AbortSignal,
): Promise<SyncPlan> {
  const files = await businessFiles(engine, { signal });
  const findings = await inconsistencies(engine, files, signal);
  // A document that is wrong already has to be mended, whatever the decision was about.
  const stale = new Set(findings.flatMap(({ path }) => path ?? []));
  const given = syncScope(trigger, impacts, files);
  const all = syncScope('manual', [], files);
  const concerned = new Set(given.tiers.flatMap(({ documents }) => documents.map(({ path }) => path)));
  const tiers = all.tiers
    .map((tier) => ({
      ...tier,
      documents: tier.documents
        .filter(({ path }) => concerned.has(path) || stale.has(path))
        .map(({ path, tier: own, kind }) => ({ path, tier: own, kind })),
    }))
    .filter(({ tier, documents }) => tier === 1 || documents.length > 0);
  return { scope: { ...given, tiers }, findings };
}

/**
 * Asks the scribe tier by tier, in their order, and holds each answer to its tier: a change elsewhere is refused, and one of an
 * archive is put back. Then the documents are checked against each other. Throws what `ask` throws, and for an answer that is
 * not `done`.
 */
export async function syncDocuments(
  engine: EngineContext,
  { scope, findings: stale }: SyncPlan,
  { reasons, hands }: { readonly reasons: readonly string[]; readonly hands: SyncHands },
  signal: AbortSignal,
): Promise<Synced> {
  const changed = new Set<string>();
  const refused: Finding[] = [];
  for (const { tier, name, rule, documents } of scope.tiers) {
    const before = await businessFiles(engine, { signal });
    const text = (paths: readonly string[]) =>
      textsOf(before.filter(({ path }) => paths.includes(path))).map(({ path, text: content }) => ({
        path,
        text: content,
      }));
    const outcome = await hands.ask(
      {
        work: 'business-sync',
        trigger: scope.trigger,
        impacts: [...scope.impacts],
        reasons: [...reasons],
        tier,
        tierName: name,
        rule,
        documents: text(documents.map(({ path }) => path)),
        sources: text(before.filter(({ tier: other }) => other < tier).map(({ path }) => path)),
        findings: [...stale, ...refused].map((finding) => ({ ...finding })) as Json[],
      },
      signal,
    );
    if (outcome.status !== 'done') throw outcomeError(outcome);
    refused.push(...(await writeAnswer(engine, { tier, before, answer: outcome.answer })));
    const held = await hold(engine, tier, before, hands, signal);
    for (const { path } of held.accepted) changed.add(path);
    refused.push(...held.refused);
    if (refused.length > 0) break;
  }
  const files = await businessFiles(engine, { signal });
  const findings = refused.length > 0 ? refused : await inconsistencies(engine, files, signal);
  return { documents: files.map(({ path }) => path).filter((path) => changed.has(path)), findings };
}

function outcomeError({ error, summary }: Outcome): ConductorError {
  return ConductorError.fromJSON(error ?? { code: 'EXECUTOR_ERROR', message: summary, retryable: true });
}

async function inconsistencies(
  engine: EngineContext,
  files: readonly DocumentFile[],
  signal?: AbortSignal,
): Promise<readonly Finding[]> {
  return checkConsistency({ documents: textsOf(files), dependencies: await dependenciesOf(engine, { signal }) });
}

const maxAnswered = 100;

/**
 * An agent without a disk answers `documents: [{path, text}]`; only those of its tier are written, and none over what somebody
 * has written meanwhile.
 */
async function writeAnswer(
  { workspace, folder, limits }: EngineContext,
  {
    tier,
    before,
    answer,
  }: { readonly tier: number; readonly before: readonly DocumentFile[]; readonly answer: Json | undefined },
): Promise<readonly Finding[]> {
  const list = typeof answer === 'object' && answer !== null && 'documents' in answer ? answer.documents : undefined;
  if (!Array.isArray(list)) return [];
  const refused: Finding[] = [];
  for (const item of list.slice(0, maxAnswered) as readonly Json[]) {
    if (typeof item !== 'object' || item === null || !('path' in item) || !('text' in item)) continue;
    const { path, text } = item;
    if (typeof path !== 'string' || typeof text !== 'string') continue;
    const bytes = new TextEncoder().encode(text);
    const own = businessDocument(path, folder)?.tier;
    if (own !== tier || bytes.length > limits.contextSkipBytes) {
      refused.push(notWritten(path.slice(0, 300), own, tier));
      continue;
    }
    const ifHash = before.find((file) => file.path === path)?.hash ?? '';
    await workspace.replace(path, bytes, { ifHash }).catch((error: unknown) => {
      if (!ConductorError.is(error, 'FILE_CHANGED')) throw error;
      refused.push({
        severity: 'error',
        code: 'DOCUMENT_CHANGED',
        path,
        message: `${path} was changed by somebody else`,
      });
    });
  }
  return refused;
}

function notWritten(path: string, own: number | undefined, tier: number): Finding {
  const why =
    own === undefined ? 'is no document of the business' : own === tier ? 'is too large' : `is of tier ${own}`;
  return {
    severity: 'error',
    code: own === 4 ? 'ARCHIVE_CHANGED' : 'TIER_ORDER',
    path,
    message: `${path} ${why} and was not written; tier ${tier} was asked for`,
  };
}

/**
 * Refuses what was changed out of turn. Archives and removed documents are put back, their bytes are kept before; a change of
 * another tier stays as the text that the next try begins with, from tier 1 on.
 */
async function hold(
  engine: EngineContext,
  tier: 1 | 2 | 3 | 4,
  before: readonly DocumentFile[],
  hands: SyncHands,
  signal: AbortSignal,
): Promise<{ readonly accepted: readonly DocumentChange[]; readonly refused: readonly Finding[] }> {
  const was = new Map(before.map((file) => [file.path, file]));
  const is = new Map((await businessFiles(engine, { signal })).map((file) => [file.path, file]));
  const changes = [...new Map([...was, ...is]).values()].map(({ path, tier: own, kind }): DocumentChange => ({
    path,
    tier: own,
    kind,
    before: was.get(path)?.hash,
    after: is.get(path)?.hash,
  }));
  const { accepted, refused } = heldToTier(tier, changes);
  for (const { change, finding } of refused) {
    if (change.tier < 4 && change.after !== undefined) continue;
    const now = is.get(change.path)?.bytes;
    if (now) await hands.keep(change.path, now, finding);
    await putBack(engine, was.get(change.path), is.get(change.path));
  }
  return { accepted, refused: refused.map(({ finding }) => finding) };
}

/** A file that somebody changes meanwhile is left alone. */
async function putBack(
  { workspace }: EngineContext,
  was: DocumentFile | undefined,
  is: DocumentFile | undefined,
): Promise<void> {
  try {
    if (was?.bytes) await workspace.replace(was.path, was.bytes, { ifHash: is?.bytes ? is.hash : '' });
    else if (!was && is?.bytes) await workspace.remove(is.path);
  } catch (error) {
    if (!ConductorError.is(error, 'FILE_CHANGED')) throw error;
  }
}
