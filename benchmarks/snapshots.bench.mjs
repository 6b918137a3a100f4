// Snapshots of 50 MB of texts and JSON: what the first one weighs, and the next one of the same subject after 1 % of the bytes
// was written anew: as whole files, as paragraphs of twenty lines, as single lines all over. The texts are those that lie in
// the folder of this repository: its own, then those of the packages that are installed for it; what is new are other texts
// of the same kind. Needs `pnpm run build`. MB, RUNS. Ends with 1 when a figure misses its target.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../packages/core/dist/index.js';
import { fileArtifacts } from '../packages/store/dist/file.js';
import { storedSnapshots } from '../packages/store/dist/index.js';
import { ended, line, rounds, seconds } from './lib/rounds.mjs';
import { openStore, scratch } from './lib/sqlite.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const rawBytes = Number(process.env.MB ?? 50) * 1_000_000;
const change = 0.01;
const clock = systemClock();

/** Files of text below a folder, always in the same order; links are not followed. */
function* textsBelow(folder, except) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !except.includes(entry.name)) yield* textsBelow(path, except);
    if (entry.isFile() && /\.(md|json|jsonl|txt|ts|js|mjs)$/u.test(entry.name)) yield path;
  }
}

/** This repository without what is built, then each package that is installed. */
function* folders() {
  yield { folder: root, except: ['.git', '.cache', '.turbo', 'coverage', 'dist', 'node_modules'] };
  const packages = join(root, 'node_modules', '.pnpm');
  for (const name of readdirSync(packages).sort()) {
    const inner = join(packages, name, 'node_modules');
    const found = existsSync(inner) ? readdirSync(inner, { withFileTypes: true }) : [];
    for (const entry of found)
      if (entry.isDirectory()) yield { folder: join(inner, entry.name), except: ['node_modules'] };
  }
}

/** The texts of the state, and others, of which none is in it, for what is written anew. */
function collect() {
  const files = [];
  const others = [];
  let bytes = 0;
  for (const { folder, except } of folders()) {
    for (const path of textsBelow(folder, except)) {
      const size = statSync(path).size;
      if (size > 500_000) continue; // no artifact is a lockfile or a list of everything
      if (bytes < rawBytes) files.push([path.slice(root.length), readFileSync(path, 'utf8')]);
      else others.push(readFileSync(path, 'utf8'));
      bytes += size;
      if (bytes > (1 + 4 * change) * rawBytes) return { files, others };
    }
  }
  throw new Error(`Only ${bytes} bytes of text were found; set MB`);
}

/**
 * Cuts each text into units of so many lines (0: the whole text), and writes some of them anew, all over the state, until
 * the share of its bytes is reached: with as many lines of other texts.
 */
function changed(files, others, linesOfUnit) {
  const units = files.flatMap(([path, text]) => {
    const lines = text.split('\n');
    const size = linesOfUnit || lines.length;
    return Array.from({ length: Math.ceil(lines.length / size) }, (_, n) => ({
      path,
      lines: lines.slice(n * size, n * size + size),
    }));
  });
  const fresh = others.flatMap((text) => text.split('\n'));
  const stride = Math.floor(units.length * 0.618) | 1;
  let left = change * rawBytes;
  let used = 0;
  for (let n = 0; left > 0; n += 1) {
    const unit = units[(n * stride) % units.length];
    left -= Buffer.byteLength(unit.lines.join('\n'));
    unit.lines = unit.lines.map(() => fresh[(used += 1) % fresh.length]);
  }
  const texts = new Map();
  for (const { path, lines } of units) {
    if (!texts.has(path)) texts.set(path, []);
    texts.get(path).push(...lines);
  }
  return [...texts].map(([path, lines]) => [path, lines.join('\n')]);
}

const stateOf = (files) => ({ files: Object.fromEntries(files) });

function weight(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
}

/** Bytes on disk, the database with its log included, of a first snapshot and of the one after the change. */
async function measure(before, after) {
  const { folder, remove } = scratch();
  const { store } = await openStore(folder);
  const snapshots = storedSnapshots({
    store,
    artifacts: fileArtifacts({ directory: join(folder, 'artifacts'), clock }),
  });
  const about = { subject: 'bench', kind: 'checkpoint', foldVersion: 1, pinned: false };
  const put = async (version, state) => {
    const begun = seconds();
    const { id } = await snapshots.put({ ...about, at: new Date().toISOString(), seq: version, version, state });
    return { id, ms: (seconds() - begun) * 1000 };
  };
  const empty = weight(folder);
  const first = await put(1, before);
  const one = weight(folder);
  const second = await put(2, after);
  const two = weight(folder);
  const begun = seconds();
  const read = await snapshots.read(second.id);
  const readMs = (seconds() - begun) * 1000;
  for (const [path, text] of Object.entries(after.files))
    if (read.files[path] !== text) throw new Error(`${path} differs`);
  await store.close();
  remove();
  return { firstBytes: one - empty, secondBytes: two - one, firstMs: first.ms, secondMs: second.ms, readMs };
}

const { files, others } = collect();
const before = stateOf(files);
const raw = files.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0);
for (const [name, linesOfUnit] of Object.entries({ files: 0, paragraphs: 20, lines: 1 })) {
  const after = stateOf(changed(files, others, linesOfUnit));
  const { ours } = await rounds({ ours: () => measure(before, after) });
  const smaller = 1 - ours.firstBytes / raw;
  const secondOfFirst = ours.secondBytes / ours.firstBytes;
  line(
    `snapshot, 1 % in ${name}`,
    { files: files.length, rawBytes: raw, ...ours, smaller, secondOfFirst },
    { smaller: { least: 0.7 }, secondOfFirst: { most: 0.02 } },
  );
}

ended();
