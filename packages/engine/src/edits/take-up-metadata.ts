import { instant } from '@conductor/core';
import type { Finding, TrackCommand, TrackState } from '@conductor/core';
import {
  extraTexts,
  metadataOf,
  metadataWords,
  parseMetadata,
  readMetadataEdit,
  readTextFile,
} from '@conductor/core/files';
import type { MetadataEdit, MetadataPatch, MetadataRead, MetadataWords } from '@conductor/core/files';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { approvalUnit, commandTrack } from '../units.js';
import { baseOf, basesOf } from '../views/metadata-base.js';
import type { MetadataBase } from '../views/metadata-base.js';
import { rowOp } from '../views/view-row.js';
import type { Found, ViewRow } from '../views/view-row.js';
import { allowedCommands } from './allowed-commands.js';
import { decideEach } from './decide-each.js';
import type { Refusal } from './decide-each.js';
import { noteCommand } from './note-edit.js';
import type { Edit } from './note-edit.js';
import { isOvertaken } from './take-up.js';
import { fileActor, isClaim } from './whose-edit.js';

/**
 * What somebody else changed in metadata.json (contracts 4.6). A person's edit becomes commands; what the rules refuse, and what
 * was written while a worker was at work, is a finding with its line. A file that cannot be read is left alone until it can.
 */
export async function takeUpMetadata(engine: EngineContext, state: TrackState, found: Found): Promise<void> {
  const { hash, path, row, bytes = new Uint8Array() } = found;
  const { text, whole } = readTextFile(bytes);
  const read = parseMetadata(text);
  const known = { last: hash, pending: hash, seen: row?.seen };
  if (!whole || !read.metadata) {
    const findings = read.metadata ? [noText(path)] : read.findings.map((finding) => ({ ...finding, path }));
    const left = { ...known, pendingFrom: row?.pendingFrom, lastFrom: row?.lastFrom, leftAlone: true };
    return commit(engine, state, found, { disposition: 'refused', findings }, { row: left });
  }
  const bases = basesBeside(state, row);
  const edit = readMetadataEdit(read, { path, said: bases.map((base) => base.file) });
  const claim = await isClaim(engine, state, found);
  const taken = claim ? claimed(state, read, edit, path) : await decided(engine, state, read, edit, path);
  const file = metadataWords(read.metadata, read.extra);
  const now = metadataWords(metadataOf(taken.state), extraTexts(taken.state));
  const base = baseOf({ file, ours: without(saidBeside(file, now, bases), taken.ours) });
  const findings = [...edit.findings, ...taken.findings];
  const applied = taken.commands.length > 0 || findings.length === 0;
  return commit(
    engine,
    state,
    found,
    { disposition: claim ? 'claim' : applied ? 'applied' : 'refused', findings },
    {
      row: { ...known, pendingFrom: base, lastFrom: base },
      commands: taken.commands,
      actor: claim ? engineActor : fileActor,
    },
  );
}

/** A file that could not be read before is compared with what we would have said in its place. */
function basesBeside(state: TrackState, row: ViewRow | undefined): readonly MetadataBase[] {
  const known = basesOf(row);
  if (known.length > 0) return known;
  const words = metadataWords(metadataOf(state), extraTexts(state));
  return [{ file: words, ours: words }];
}

interface Taken {
  readonly commands: readonly TrackCommand[];
  readonly findings: readonly Finding[];
  /** Paths where our value is written again. */
  readonly ours: readonly string[];
  readonly state: TrackState;
}

const steps = ['loop_state.current_step', 'loop_state.step_status'] as const;

/** While a worker was at work nobody knows who wrote: nothing counts, and what is a word of a person's stays in the file. */
function claimed(state: TrackState, read: MetadataRead, edit: MetadataEdit, path: string): Taken {
  const paths = [
    ...Object.keys(edit.configure ?? {}).flatMap((key) => patchPaths[key as keyof MetadataPatch] ?? []),
    ...(edit.override ? steps : []),
    ...edit.resolved.map(() => 'blockers'),
  ];
  const message = 'It was changed while a worker was at work, and does not count';
  const findings = paths.map((item) => refused(read, path, item, message, 'Change it again when nothing runs.'));
  return { commands: [], findings, ours: [...edit.ours, ...steps], state };
}

async function decided(
  engine: EngineContext,
  state: TrackState,
  read: MetadataRead,
  edit: MetadataEdit,
  path: string,
): Promise<Taken> {
  const context = { at: instant(engine.clock.now()), actor: fileActor };
  const all = decideEach(state, commandsOf(state, edit), context);
  const { accepted, refused: refusals } = await allowedCommands(engine, state.id, 'track.configure', all);
  const ours = [...edit.ours, ...(refusals.some(({ command }) => command.name === 'step.override') ? steps : [])];
  return {
    commands: accepted,
    findings: refusals.map((refusal) => refusalOf(read, path, refusal)),
    ours,
    state: accepted.length === all.accepted.length ? all.state : state,
  };
}

/** One command per field that may be refused alone. */
function commandsOf(state: TrackState, { configure, override, resolved }: MetadataEdit): readonly TrackCommand[] {
  const patches = Object.entries(configure ?? {}).map(([key, value]): TrackCommand => ({
    name: 'track.configure',
    data: { [key]: value },
  }));
  const solved = resolved.map((blockerId): TrackCommand => ({
    name: 'blocker.resolve',
    data: { blockerId, how: 'metadata.json' },
  }));
  const over: readonly TrackCommand[] = override
    ? [{ name: 'step.override', data: { to: override, source: 'metadata', findings: [] } }]
    : [];
  return [...patches, ...solved, ...answers(state, resolved), ...over];
}

/** With the last blocker gone its open question asks for nothing any more. */
function answers(state: TrackState, resolved: readonly string[]): readonly TrackCommand[] {
  const left = [...state.blockers.values()].filter(({ id, active }) => active && !resolved.includes(id));
  if (resolved.length === 0 || left.length > 0) return [];
  return questionsOf(state).map((approvalId) => ({
    name: 'decision.give',
    data: { approvalId, outcome: 'approved', leadsTo: 'resolved', by: fileActor.id },
  }));
}

function questionsOf({ decisions }: TrackState): readonly string[] {
  return [...decisions].filter(([, { state }]) => state === 'pending').map(([id]) => id);
}

const patchPaths: Readonly<Record<keyof MetadataPatch, string>> = {
  name: 'name',
  type: 'type',
  priority: 'priority',
  superpower: 'superpower_enhanced',
  dependencies: 'dependencies',
  limits: 'loop_state',
  extra: '',
};

function refusalOf(read: MetadataRead, path: string, { command, error }: Refusal): Finding {
  const item =
    command.name === 'step.override'
      ? steps[0]
      : command.name === 'track.configure'
        ? patchPaths[Object.keys(command.data)[0] as keyof MetadataPatch]
        : 'blockers';
  return refused(read, path, item, error.message, error.hint ?? 'The log keeps what it says.');
}

function refused({ places }: MetadataRead, path: string, item: string, message: string, hint: string): Finding {
  const line = places.lineAt(item);
  return {
    severity: 'warning',
    code: 'METADATA_REFUSED',
    path,
    item,
    message,
    hint,
    ...(line !== undefined && { line }),
  };
}

function noText(path: string): Finding {
  const hint = 'Save it as UTF-8, or delete it: then it is written again.';
  return {
    severity: 'error',
    code: 'FILE_DAMAGED',
    path,
    line: 1,
    message: `${path} holds bytes that are no text`,
    hint,
  };
}

/** What they changed stands against what we say now; what they did not, against what we said then: it may have changed since. */
function saidBeside(file: MetadataWords, now: MetadataWords, bases: readonly MetadataBase[]): MetadataWords {
  const paths = new Set([...Object.keys(now), ...Object.keys(file)]);
  const said = [...paths].map((path) => [
    path,
    (bases.find((base) => base.file[path] === file[path])?.ours ?? now)[path],
  ]);
  return Object.fromEntries(said.filter(([, word]) => word !== undefined)) as MetadataWords; // only absent words go
}

function without(words: MetadataWords, paths: readonly string[]): MetadataWords {
  return Object.fromEntries(Object.entries(words).filter(([path]) => !paths.includes(path)));
}

interface Consequence {
  readonly row: Omit<ViewRow, 'path'>;
  readonly commands?: readonly TrackCommand[];
  readonly actor?: typeof fileActor;
}

async function commit(
  engine: EngineContext,
  state: TrackState,
  found: Found,
  { disposition, findings }: Pick<Edit, 'disposition' | 'findings'>,
  { row, commands = [], actor = engineActor }: Consequence,
): Promise<void> {
  const { path, bytes } = found;
  const note = await noteCommand(engine, { path, bytes, base: found.row?.pending, disposition, findings });
  const closed = new Set(commands.flatMap(({ name, data }) => (name === 'decision.give' ? [data.approvalId] : [])));
  const others = [...closed].map((id) =>
    approvalUnit(engine, id, {
      name: 'approval.cancel',
      data: { reason: 'The blocker was resolved in metadata.json' },
    }),
  );
  try {
    await commandTrack(engine, state.id, [note, ...commands], { actor, records: [rowOp(found, row)], others });
  } catch (error) {
    if (!isOvertaken(error)) throw error; // somebody was quicker: the caller looks again
  }
}
