import { parseJson } from '@conductor/core';
import { businessDocument, businessGlobs, inTierOrder } from '@conductor/core/business';
import type { BusinessDocument, BusinessText } from '@conductor/core/business';
import { sha256Hex } from '@conductor/core/hash';
import type { Json, Opt } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';

/** A document as it lies there now. */
export interface DocumentFile extends BusinessDocument {
  /** Its hash; of a file that is too large to be read, what the disk says about it. */
  readonly hash: string;
  /** Absent for a file that is too large to be read. */
  readonly bytes?: Uint8Array;
}

const maxDocuments = 500;
const maxManifests = 100;

/** Every document of the business, tier by tier; at most five hundred. Throws nothing for a file that comes or goes meanwhile. */
export async function businessFiles(engine: EngineContext, { signal }: Opt = {}): Promise<readonly DocumentFile[]> {
  const { workspace, folder, limits } = engine;
  const found = new Map<string, { document: BusinessDocument; seen: string; bytes: number }>();
  for (const glob of businessGlobs(folder)) {
    for await (const { path, bytes, modifiedMs } of workspace.list(glob, { signal })) {
      const document = businessDocument(path, folder);
      if (document && found.size < maxDocuments) found.set(path, { document, seen: `${bytes}@${modifiedMs}`, bytes });
    }
  }
  const files: DocumentFile[] = [];
  for (const { document, seen, bytes: size } of found.values()) {
    if (size > limits.contextSkipBytes) files.push({ ...document, hash: seen });
    else {
      const bytes = await workspace.read(document.path, { signal });
      if (bytes) files.push({ ...document, hash: sha256Hex(bytes), bytes });
    }
  }
  const order = inTierOrder(files).map(({ path }) => path);
  return files.sort((a, b) => order.indexOf(a.path) - order.indexOf(b.path));
}

/** The texts of documents, as the checks read them. */
export function textsOf(files: readonly DocumentFile[]): readonly BusinessText[] {
  return files.flatMap(({ path, tier, kind, bytes }) =>
    bytes ? [{ path, tier, kind, text: new TextDecoder().decode(bytes) }] : [],
  );
}

const fields = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'] as const;

/** Names of all packages that the project's manifests list, and their own; `undefined` without a manifest. */
export async function dependenciesOf(
  { workspace, limits }: EngineContext,
  { signal }: Opt = {},
): Promise<ReadonlySet<string> | undefined> {
  const names = new Set<string>();
  let manifests = 0;
  for (const glob of ['package.json', 'packages/*/package.json', 'apps/*/package.json']) {
    for await (const { path, bytes } of workspace.list(glob, { signal })) {
      if (bytes > limits.contextSkipBytes || manifests >= maxManifests) continue;
      manifests += 1;
      const text = await workspace.read(path, { signal });
      for (const name of packagesIn(text && new TextDecoder().decode(text), path)) names.add(name);
    }
  }
  return manifests === 0 ? undefined : names;
}

function packagesIn(text: string | undefined, source: string): readonly string[] {
  let manifest: Json;
  try {
    manifest = parseJson(text ?? '', { source });
  } catch {
    return []; // somebody else's file, and no matter of the documents
  }
  if (!isRecord(manifest)) return [];
  const own = typeof manifest['name'] === 'string' ? [manifest['name']] : [];
  const listed = fields.map((field) => manifest[field]).filter((value) => value !== undefined && isRecord(value));
  return [...own, ...listed.flatMap((record) => Object.keys(record as object))];
}

function isRecord(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
