import { ConductorError } from '@conductor/core';
import type { Finding } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { readTextFile } from '@conductor/core/files';
import type { EngineContext } from '../engine-context.js';
import type { FolderName } from './track-folders.js';

/** A document of a track as it lies in its folder. */
export interface FolderFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly hash: string;
  /** With its byte order mark; undefined for bytes that are no text. */
  readonly text: string | undefined;
}

/** The documents of a folder by their names, and what is wrong with them. */
export interface FolderFiles {
  readonly files: ReadonlyMap<string, FolderFile>;
  readonly findings: readonly Finding[];
}

/** Reports by age: of each kind the last verdict counts. */
export const reportNames = ['plan-evaluation-report.md', 'execution-report.md', 'evaluation-report.md'] as const;

/** The documents of a track. */
const documents: readonly string[] = [
  'metadata.json',
  'plan.md',
  'spec.md',
  'index.md',
  ...reportNames,
  'fix-log.md',
  'retrospective.md',
  'brainstorm/options.md',
  'brainstorm/recommendation.md',
  'superpower-errors.log',
];

/** Files that make a folder one of a track. */
export const isTrackFile = (name: string) => name === 'metadata.json' || name === 'plan.md' || name === 'spec.md';

/** True for a name in a track's folder that Conductor reads or writes. */
export function isDocument(name: string): boolean {
  return ours.includes(name) || documents.some((path) => path === name || path.startsWith(`${name}/`));
}

const ours: readonly string[] = ['.message-bus', '.metadata.lock', 'completion-report.md'];

/** Reads the documents of a folder, those that are there. A file that cannot be read is a finding; nothing is ever written. */
export async function readFolder(
  engine: EngineContext,
  id: string,
  entries: readonly FolderName[] | undefined,
): Promise<FolderFiles> {
  const files = new Map<string, FolderFile>();
  const findings: Finding[] = [];
  const there = entries && new Set(entries.map(({ name }) => name));
  for (const name of documents) {
    if (there?.has(name.split('/')[0] ?? name) === false) continue;
    const path = `${engine.folder}/tracks/${id}/${name}`;
    try {
      const bytes = await engine.workspace.read(path, { maxBytes: sizeOf(engine, name) });
      if (!bytes) continue;
      const text = textOf(bytes);
      if (text === undefined && name !== 'metadata.json')
        findings.push({
          severity: 'error',
          code: 'FILE_DAMAGED',
          path,
          line: 1,
          message: `${path} is no text and is not read`,
        });
      files.set(name, { path, bytes, hash: sha256Hex(bytes), text });
    } catch (error) {
      if (!ConductorError.is(error)) throw error;
      findings.push({
        severity: 'error',
        code: error.code,
        path,
        message: error.message,
        ...(error.hint !== undefined && { hint: error.hint }),
      });
    }
  }
  return { files, findings };
}

function sizeOf({ limits }: EngineContext, name: string): number {
  if (name === 'plan.md') return limits.planBytes;
  return name === 'spec.md' ? limits.specBytes : limits.jsonFileBytes;
}

/** The mark is part of a text that is UTF-8: without it our rendering would be another file. */
function textOf(bytes: Uint8Array): string | undefined {
  const { text, whole, encoding, mark } = readTextFile(bytes);
  if (!whole) return undefined;
  return encoding === 'utf-8' && mark ? `\ufeff${text}` : text;
}
