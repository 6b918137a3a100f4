import type { Finding, TrackCommand, TrackCommands } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Content } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { contentOf } from '../load.js';
import { decode } from '../views/text-view.js';

export interface Edit {
  readonly path: string;
  readonly bytes: Uint8Array | undefined;
  /** Hash of what we had written there. */
  readonly base?: string | undefined;
  readonly disposition: TrackCommands['edit.note']['disposition'];
  readonly findings: readonly Finding[];
}

/** Puts the bytes where nothing is lost, then gives the command that says so: first of all that is decided about an edit. */
export async function noteCommand(engine: EngineContext, edit: Edit): Promise<TrackCommand> {
  const { path, base, disposition, findings, bytes = new Uint8Array() } = edit;
  const { id } = await engine.artifacts.put(bytes, { mediaType: 'text/plain' });
  return {
    name: 'edit.note',
    data: {
      path,
      hash: sha256Hex(bytes),
      ...(base !== undefined && base !== '' && { base }),
      bytes: await contentOfBytes(engine, bytes, id),
      disposition,
      findings: findings.slice(0, engine.limits.maxFindings).map(withoutUndefined),
    },
  };
}

async function contentOfBytes(engine: EngineContext, bytes: Uint8Array, artifact: string): Promise<Content> {
  const text = textIn(bytes);
  return text === undefined ? { artifact, bytes: bytes.length } : contentOf(engine, text, 'text/plain');
}

/** Findings come from many readers; the log keeps no key without a value. */
function withoutUndefined(finding: Finding): Finding {
  return Object.fromEntries(Object.entries(finding).filter(([, value]) => value !== undefined)) as unknown as Finding; // only absent keys go
}

/** `undefined` for bytes that are no UTF-8. */
export function textIn(bytes: Uint8Array): string | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
