import { initialTrack, instant } from '@conductor/core';
import type { Finding, TrackCommand, TrackState } from '@conductor/core';
import { extraTexts, metadataOf, metadataWords, parseMetadata, readTrackFolder } from '@conductor/core/files';
import type { TrackRow } from '@conductor/core/files';
import { sha256Hex } from '@conductor/core/hash';
import { parsePlan, planModel } from '@conductor/core/plan';
import type { Json, RecordOp } from '@conductor/core/ports';
import { decideEach } from '../edits/decide-each.js';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { contentOf } from '../load.js';
import { indexRow } from '../reports/project-index.js';
import { loggedModel } from '../run/plan-text.js';
import { cellsOf, listedRows, oursIn, rowKey, rowOf } from '../views/listed-row.js';
import type { ListedRow } from '../views/listed-row.js';
import { baseOf } from '../views/metadata-base.js';
import { rowOp } from '../views/view-row.js';
import type { ViewRow } from '../views/view-row.js';
import { reportNames } from './read-folder.js';
import type { FolderFile, FolderFiles } from './read-folder.js';

/** A track that is to be taken over: its command, and what is known of its files from then on. */
export interface FolderImport {
  readonly id: string;
  readonly name: string;
  readonly command: Extract<TrackCommand, { name: 'track.import' }>;
  readonly records: readonly RecordOp[];
  readonly findings: readonly Finding[];
}

type Data = FolderImport['command']['data'];

/** Makes the command from the files. Nothing is written in the folder: what is in it stays, and is noted before we change it. */
export async function importCommand(
  engine: EngineContext,
  id: string,
  { files, findings: unread }: FolderFiles,
  row: TrackRow | undefined,
): Promise<FolderImport> {
  const at = instant(engine.clock.now());
  const track = readTrackFolder(
    {
      trackId: id,
      metadata: files.get('metadata.json')?.bytes,
      plan: files.get('plan.md')?.text,
      spec: files.get('spec.md')?.text,
      reports: reportNames.flatMap((name) => files.get(name)?.text ?? []),
      row,
    },
    at,
  );
  const { spec, findings: specified } = specOf(files.get('spec.md'));
  const { plan, findings: planned } = await planOf(engine, files.get('plan.md'));
  const { superpower, limits, dependencies, findings: read, loop, ...about } = track;
  const folder = `${engine.folder}/tracks/${id}`;
  const findings = [...unread, ...read, ...specified, ...planned]
    .map((finding) => ({ ...finding, path: placed(folder, finding.path) }))
    .slice(0, engine.limits.maxFindings);
  const data: Data = {
    ...about,
    spec: await contentOf(engine, spec),
    specHash: sha256Hex(spec),
    source: 'imported',
    background: false,
    policy: { limits: { ...engine.limits, ...limits }, isolation: 'shared' },
    flags: { superpower },
    dependencies: [...dependencies],
    labels: [],
    files: [...files.values()].map(({ path, hash }) => ({ path, hash })),
    // A plan without work is the planner's to go on with.
    loop: plan && plan.model.tasks.length === 0 ? { ...loop, replan: true } : loop,
    ...(plan && { plan }),
    findings,
  };
  const command = { name: 'track.import', data } as const;
  const { state } = decideEach(initialTrack(id), [command], { at, actor: engineActor });
  return { id, name: track.name, command, records: recordsOf(engine, state, files, row), findings };
}

/** A track without a spec gets one when it is worked on. */
function specOf(file: FolderFile | undefined): { readonly spec: string; readonly findings: readonly Finding[] } {
  if (file?.text !== undefined && file.text.trim() !== '') return { spec: file.text, findings: [] };
  const message = 'There is no spec: the first run makes one of the goal of the track';
  return {
    spec: '',
    findings: [{ severity: 'warning', code: 'SPEC_MISSING', path: 'spec.md', message }],
  };
}

/** Findings of the codecs name the file; people want to find it. */
function placed(folder: string, path: string | undefined): string {
  if (path === undefined) return folder;
  return path.startsWith(`${folder}/`) ? path : `${folder}/${path}`;
}

async function planOf(
  engine: EngineContext,
  file: FolderFile | undefined,
): Promise<{ readonly plan?: Data['plan']; readonly findings: readonly Finding[] }> {
  if (file?.text === undefined || file.text.trim() === '') return { findings: [] };
  const { plan, findings } = parsePlan(file.text);
  const model = planModel(plan);
  const told = findings.map((finding) => ({ path: 'plan.md', ...finding }));
  const max = engine.limits.maxPlanTasks;
  if (model.tasks.length > max) {
    const message = `The plan has ${model.tasks.length} tasks, more than ${max}, and is not taken over`;
    return { findings: [...told, { severity: 'error', code: 'PLAN_INVALID', path: 'plan.md', message }] };
  }
  const text = await contentOf(engine, file.text);
  return { plan: { text, textHash: sha256Hex(file.text), model: loggedModel(model, 'count') }, findings: told };
}

/** From here on bytes that differ from these are somebody's edit, and words that we would say otherwise stay as they are. */
function recordsOf(
  engine: EngineContext,
  state: TrackState,
  files: FolderFiles['files'],
  listed: TrackRow | undefined,
): readonly RecordOp[] {
  const published: RecordOp = {
    collection: '$published',
    key: state.id,
    expectedRevision: 0,
    value: { [`track/${state.id}`]: 1 },
  };
  const texts = ['plan.md', 'spec.md'].flatMap((name) => files.get(name) ?? []);
  const metadata = files.get('metadata.json');
  return [
    indexRow(state),
    published, // nothing of the time before is told to the bus, and its files are not behind
    ...texts.map((file) => viewOp(file, textRow(file))),
    ...(metadata ? [viewOp(metadata, metadataRow(metadata, state))] : []),
    ...(listed ? [listedOp(engine, state, listed)] : []),
  ];
}

type Row = Omit<ViewRow, 'path'>;

function viewOp({ path }: FolderFile, row: Row): RecordOp {
  return rowOp({ path, revision: 0 }, row);
}

function textRow({ hash, text }: FolderFile): Row {
  const from = text === undefined ? undefined : { text };
  const left = text === undefined ? { leftAlone: true } : {};
  return { last: hash, pending: hash, seen: 1, lastFrom: from, pendingFrom: from, ...left };
}

function metadataRow({ hash, bytes }: FolderFile, state: TrackState): Row {
  const { metadata, extra } = parseMetadata(bytes);
  if (!metadata) return { last: hash, pending: hash, seen: 1, leftAlone: true };
  const ours = metadataWords(metadataOf(state), extraTexts(state));
  const from = baseOf({ file: metadataWords(metadata, extra), ours });
  return { last: hash, pending: hash, seen: 1, lastFrom: from, pendingFrom: from };
}

function listedOp({ folder }: EngineContext, state: TrackState, listed: TrackRow): RecordOp {
  const cells = cellsOf(listed);
  const ours = oursIn(rowOf(state));
  const fields = (Object.keys(cells) as (keyof typeof cells)[]).filter(
    (field) => field !== 'section' && cells[field] !== ours[field],
  );
  const kept = Object.fromEntries(fields.map((field) => [field, { theirs: cells[field] ?? '', ours: ours[field] }]));
  const row: ListedRow = { last: cells, pending: cells, seen: 1, kept };
  // Through JSON, so that absent keys are absent.
  const value = JSON.parse(JSON.stringify(row)) as Json;
  return { collection: listedRows, key: rowKey(`${folder}/tracks.md`, state.id), expectedRevision: 0, value };
}
