import { asterisk, underscore } from '../text/characters.js';
import { noHints } from './drafts.js';
import type { Hints, LabelDraft } from './drafts.js';
import type { InlineComment } from '../text/inline-comments.js';
import { readFiles, readIds } from '../text/references.js';

const hintKeys = /(?:^|[,;])[ \t]*(deps|depends(?: on)?|dependencies|parallel|files|execution)[ \t]*:/gi;

/** Reads what comments say about the task or the phase that they belong to. */
export function readHints(comments: readonly InlineComment[], owner: { hints: Hints | undefined }): void {
  for (const { body } of comments) readComment(body, (owner.hints ??= noHints()));
}

/** Reads `deps: 1.1, 1.2, parallel: pg-1`, `files: a, b`, `execution: parallel` out of a comment; other comments say nothing. */
function readComment(body: string, hints: Hints): void {
  if (!body.includes(':')) return;
  const keys = [...body.slice(0, 100_000).matchAll(hintKeys)];
  for (const [index, key] of keys.entries()) {
    const value = body.slice(key.index + key[0].length, keys[index + 1]?.index ?? body.length).trim();
    applyHint((key[1] ?? '').toLowerCase(), value, hints);
  }
}

// Pushed one by one here: a list from a file may be longer than a call may have arguments.
function applyHint(key: string, value: string, hints: Hints): void {
  if (key === 'files') for (const file of readFiles(value)) hints.files.push(file);
  else if (key === 'parallel') hints.group = value;
  else if (key === 'execution') {
    if (value === 'parallel' || value === 'sequential') hints.execution = value;
  } else {
    for (const id of readIds(value)) hints.dependsOn.push(id);
    hints.dependenciesKnown = true;
  }
}

// Not in the mode of code points, which takes twice the time: what it begins with is asked of its name alone.
const boldLabel = /^(?:\*\*|__)([^*_:]{1,61})(?::[ \t]*(?:\*\*|__)[ \t]*:?|(?:\*\*|__)[ \t]*:)[ \t]*/;
const beginsName = /^[\p{L}\p{N}]/u;
const plainLabel =
  /^(type|acceptance(?: criteria)?|files?|depends on|issue|reason|recommendation|uses|commits?)[ \t]*:(?:[ \t]+|$)/i;
/** First two letters of all of these; any other line is no label. */
const beginsPlainLabel = /^(?:ty|ac|fi|de|is|re|us|co)/i;

/** Names that the codec knows, and what else people call them. A name from here is one string, however often it stands in a plan. */
const names: ReadonlyMap<string, string> = new Map(
  Object.entries({
    files: 'files',
    acceptance: 'acceptance',
    type: 'type',
    uses: 'uses',
    reason: 'reason',
    commit: 'commit',
    status: 'status',
    file: 'files',
    'file targets': 'files',
    'target files': 'files',
    'files touched': 'files',
    'files to modify': 'files',
    'acceptance criteria': 'acceptance',
    criteria: 'acceptance',
    'done when': 'acceptance',
    depends: 'depends on',
    dependencies: 'depends on',
    deps: 'depends on',
    reads: 'uses',
    inputs: 'uses',
    commits: 'commit',
    'commit sha': 'commit',
    'commit hash': 'commit',
    'estimated duration': 'estimate',
    'estimated effort': 'estimate',
    duration: 'estimate',
  }).flatMap(([name, known]) => [
    [name, known],
    // As most people write it, which spares a copy in small letters.
    [name.charAt(0).toUpperCase() + name.slice(1), known],
  ]),
);

function nameOf(written: string): string {
  const known = names.get(written);
  if (known !== undefined) return known;
  const name = written.toLowerCase();
  return names.get(name) ?? name;
}

/** Reads `**Files**: …`, `**Files:** …` and, for the labels the codec knows, `Files: …`. `start` is where the text begins in the file. */
export function readLabel(text: string, line: number, start = 0): LabelDraft | undefined {
  const first = text.charCodeAt(0);
  const bold = first === asterisk || first === underscore;
  if (bold ? text.charCodeAt(1) !== first : !beginsPlainLabel.test(text)) return undefined;
  const match = (bold ? boldLabel : plainLabel).exec(text);
  const written = match?.[1] ?? '';
  if (match === null || (bold && !beginsName.test(written))) return undefined;
  const value = text.slice(match[0].length);
  return {
    name: nameOf(written.trim()),
    value: value.trim(),
    start: start + text.length - value.trimStart().length,
    line,
  };
}
