import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { upsertTrackRow } from './edit-tracks-index.js';
import type { TrackIndexRow } from './edit-tracks-index.js';
import { parseTracksIndex } from './tracks-index.js';

const ids = (text: string) => parseTracksIndex(text).rows.map((row) => [row.trackId, row.section]);
const row: TrackIndexRow = {
  id: 'greet_20260101',
  name: 'Greet',
  type: 'feature',
  status: 'in_progress',
  step: 'EXECUTE',
  created: '2026-01-01T10:00:00.000Z',
};
const done = {
  ...row,
  status: 'complete',
  step: 'COMPLETE',
  completed: '2026-01-03T10:00:00.000Z',
  summary: 'Greets people',
};

const head = '| Track ID | Name | Type | Status | Step | Created |';
const under = '|---|---|---|---|---|---|';

describe('tracks.md', () => {
  it('is read in forms A to F by the names of the columns [FMT-29]', () => {
    const a =
      '## Active Tracks\n\n| Track ID | Name | Type | Status | Step | Created |\n|---|---|---|---|---|---|\n| a_1 | A | feature | in_progress | PLAN | 2026-01-01 |\n\n## Completed Tracks\n\n| Track ID | Name | Completed | Summary |\n|---|---|---|---|\n| b_1 | B | 2026-01-02 | fine |\n';
    expect(parseTracksIndex(a).rows).toEqual([
      {
        trackId: 'a_1',
        name: 'A',
        type: 'feature',
        status: 'in_progress',
        step: 'PLAN',
        created: '2026-01-01',
        section: 'active',
        form: 'table',
        line: 5,
      },
      {
        trackId: 'b_1',
        name: 'B',
        completed: '2026-01-02',
        summary: 'fine',
        section: 'completed',
        form: 'table',
        line: 11,
      },
    ]);
    const b =
      '## Doing\n| Track ID | Name | Status | Priority | Started |\n| :-- | --: | --- | --- | --- |\n| `a_1` | A | new | P1 | 2026-01-01 |\n\n## Done\n| Track ID | Name | Completed | Summary |\n|---|---|---|---|\n\n*Last updated*\n';
    expect(parseTracksIndex(b).rows).toEqual([
      {
        trackId: 'a_1',
        name: 'A',
        status: 'new',
        priority: 'P1',
        created: '2026-01-01',
        section: 'active',
        form: 'table',
        line: 4,
      },
    ]);
    const c =
      '| Status | Track ID | Name | Type | Created |\n|---|---|---|---|---|\n| ✅ Completed | a_1 | A | feature | 2026 |\n';
    expect(parseTracksIndex(c).rows).toMatchObject([{ trackId: 'a_1', status: '✅ Completed', type: 'feature' }]);
    const d =
      '## Active\n| Track ID | Type | Status | Progress |\n|---|---|---|---|\n| a_1 | bug | active | Phase 2/3 |\n';
    expect(parseTracksIndex(d).rows).toMatchObject([{ trackId: 'a_1', progress: 'Phase 2/3' }]);
    const e =
      '# Tracks\n\n---\n\n- [x] **Track: Make it: fast**\n  *Link: [./tracks/fast_20260101/](./tracks/fast_20260101/)*\n\n---\n\n- [~] **Track: More**\n*Link: [./conductor/tracks/more/index.md](./conductor/tracks/more/index.md)*\n- [ ] **Track: No link**\n';
    expect(parseTracksIndex(e).rows).toMatchObject([
      {
        trackId: 'fast_20260101',
        name: 'Make it: fast',
        status: 'completed',
        section: 'completed',
        form: 'list',
        line: 5,
      },
      { trackId: 'more', name: 'More', status: 'in_progress', section: 'active' },
      { name: 'No link', status: 'new' },
    ]);
    const f = '## [~] Track: Old form\n\n_Link: [./conductor/tracks/old_1/](./conductor/tracks/old_1/)_\n';
    expect(parseTracksIndex(f).rows).toMatchObject([
      { trackId: 'old_1', name: 'Old form', form: 'heading', status: 'in_progress' },
    ]);
    const linked = '## Archive\n| Track | Status |\n|---|---|\n| [Deep one](./tracks/market/deep_1/plan.md) | ok |\n';
    expect(parseTracksIndex(linked).rows).toMatchObject([
      { trackId: 'deep_1', name: 'Deep one', section: 'completed' },
    ]);
    for (const text of [a, b, c, d, e, f, linked]) expect(parseTracksIndex(text).findings).toEqual([]);
  });

  it('has no tracks in placeholder rows [FMT-31]', () => {
    const rows = [
      '| (none yet) | | | | | |',
      '| — | — | — | — | — | — |',
      '| *(no active tracks)* | | | | | |',
      '| - |  |  |  |  |  |',
    ];
    for (const line of rows) {
      const text = `## Active Tracks\n| Track ID | Name | Type | Status | Step | Created |\n|---|---|---|---|---|---|\n${line}\n`;
      expect(parseTracksIndex(text)).toMatchObject({ rows: [], findings: [] });
      const filled = upsertTrackRow(text, row);
      expect(filled).not.toContain(line);
      expect(ids(filled)).toEqual([['greet_20260101', 'active']]);
    }
    expect(parseTracksIndex('## ACTIVE TRACKS\n*   *(No active tracks)*\n').findings).toEqual([]);
  });

  it('gives unknown forms no tracks and a warning, and looks into no fence, comment or foreign table', () => {
    expect(parseTracksIndex('# Tracks\n\n- [ ] buy milk\n')).toMatchObject({
      rows: [],
      findings: [{ severity: 'warning', code: 'TRACKS_UNREAD' }],
    });
    expect(parseTracksIndex('')).toEqual({ rows: [], tables: [], findings: [] });
    expect(
      ids('```\n- [x] **Track: A**\n```\n<!--\n- [x] **Track: B**\n-->\n| Domain | Path |\n|---|---|\n| a | b |\n'),
    ).toEqual([]);
    expect(ids(`- [ ] **Track: ${'*'.repeat(5000)}`)).toEqual([]);
  });

  it('keeps the end of every line that it leaves alone, also where they differ', () => {
    const mixed = `# Tracks\r\n\n## Active Tracks\r\n${head}\r\n${under}\n| z | Z | feature | new | PLAN | 2026-01-01 |\n\nnotes\r\n`;
    expect(upsertTrackRow(mixed, row)).toBe(
      mixed.replace(
        '2026-01-01 |\n',
        '2026-01-01 |\n| greet_20260101 | Greet | feature | in_progress | EXECUTE | 2026-01-01 |\n',
      ),
    );
    const windows = upsertTrackRow(undefined, row).replaceAll('\n', '\r\n');
    expect(upsertTrackRow(windows, { ...row, step: 'FIX' })).toBe(windows.replace('EXECUTE', 'FIX'));
  });

  it('is written in form A, and completion moves the row with date and summary [FMT-30]', () => {
    const created = upsertTrackRow(undefined, row);
    expect(created).toBe(`# Tracks

## Active Tracks

| Track ID | Name | Type | Status | Step | Created |
| -------- | ---- | ---- | ------ | ---- | ------- |
| greet_20260101 | Greet | feature | in_progress | EXECUTE | 2026-01-01 |

## Completed Tracks

| Track ID | Name | Completed | Summary |
| -------- | ---- | --------- | ------- |
`);
    const finished = upsertTrackRow(created, done);
    expect(finished).toBe(`# Tracks

## Active Tracks

| Track ID | Name | Type | Status | Step | Created |
| -------- | ---- | ---- | ------ | ---- | ------- |

## Completed Tracks

| Track ID | Name | Completed | Summary |
| -------- | ---- | --------- | ------- |
| greet_20260101 | Greet | 2026-01-03 | Greets people |
`);
    expect(upsertTrackRow(finished, done)).toBe(finished);
    const again = upsertTrackRow(finished, row);
    expect(ids(again)).toEqual([['greet_20260101', 'active']]);
  });

  it('changes only the cells that changed, in the columns and the style of the file', () => {
    const text =
      '# T\r\n\r\n## Doing\r\n| Status | Track ID         | Owner | Name |\r\n|---|---|---|---|\r\n| new    | `greet_20260101` | Bob   | [Greet](./tracks/greet_20260101/) |\r\n| new    | other            | Eve   | Other |\r\ntext\r\n';
    expect(upsertTrackRow(text, row)).toBe(text.replace('| new    | `greet', '| in_progress | `greet'));
    expect(upsertTrackRow(text, { ...row, id: 'third', name: 'Third' })).toBe(
      text.replace('Other |\r\n', 'Other |\r\n| in_progress | third | — | Third |\r\n'),
    );
    const moved = upsertTrackRow(text, done);
    expect(moved).toContain('## Completed Tracks\r\n\r\n| Track ID | Name | Completed | Summary |\r\n');
    expect(ids(moved)).toEqual([
      ['other', 'active'],
      ['greet_20260101', 'completed'],
    ]);
    expect(moved).toContain('text\r\n');
  });

  it('moves a row upwards, too, where the completed tracks stand first', () => {
    const text =
      '## Done\n| Track ID | Name | Completed | Summary |\n|---|---|---|---|\n\n## Doing\n| Track ID | Name | Status |\n|---|---|---|\n| other | O | new |\n| greet_20260101 | Greet | new |\n| last | L | new |\n';
    expect(ids(upsertTrackRow(text, done))).toEqual([
      ['greet_20260101', 'completed'],
      ['other', 'active'],
      ['last', 'active'],
    ]);
  });

  it('ticks the entry of a list and leaves its text', () => {
    const text = '- [ ] **Track: Greet**\n  *Link: [./tracks/greet_20260101/](./tracks/greet_20260101/)*\n';
    expect(upsertTrackRow(text, row)).toBe(text.replace('[ ]', '[~]'));
    expect(upsertTrackRow(text, { ...row, status: 'blocked' })).toBe(text.replace('[ ]', '[!]'));
    expect(upsertTrackRow(text, done)).toBe(text.replace('[ ]', '[x]'));
  });

  it('keeps any name one cell, and reads back what it wrote', () => {
    const name = fc
      .string({ minLength: 1, unit: 'binary' })
      .map((text) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim());
    const plain = name.filter((text) => text !== '' && !/^[*_~`[(—–-]|[*_~`]$/u.test(text));
    fc.assert(
      fc.property(fc.array(plain, { minLength: 1, maxLength: 4 }), (names) => {
        let text = upsertTrackRow(undefined, { ...row, id: 'first' });
        for (const [index, other] of names.entries())
          text = upsertTrackRow(text, { ...row, id: `t${index}`, name: other });
        const { rows } = parseTracksIndex(text);
        expect(rows.map((found) => found.trackId)).toEqual(['first', ...names.map((_, index) => `t${index}`)]);
        for (const [index, other] of names.entries())
          if (!/none|n\/a|tbd|no /i.test(other)) expect(rows[index + 1]?.name).toBe(other);
        for (const [index] of names.entries()) text = upsertTrackRow(text, { ...done, id: `t${index}`, name: 'x' });
        expect(ids(text)).toEqual([['first', 'active'], ...names.map((_, index) => [`t${index}`, 'completed'])]);
      }),
    );
    const evil = upsertTrackRow(undefined, { ...row, name: 'a | b\n| c |\r\n# d\u0007' });
    expect(evil).toContain('| a \\| b \\| c \\| # d |');
    expect(parseTracksIndex(evil).rows).toMatchObject([{ name: 'a | b | c | # d', status: 'in_progress' }]);
  });
});

describe('a list that somebody else keeps', () => {
  const row = {
    id: 'new_20260101',
    name: 'New | one\n',
    type: 'feature',
    status: 'active',
    step: 'PLAN',
    created: '2026-01-01',
  };

  it('gets another entry in its own form, behind the last one', () => {
    const list =
      '# Tracks\n\n---\n\n- [x] **Track: Old**\n*Link: [./conductor/tracks/old/](./conductor/tracks/old/)*\n\n## Notes\n\nwords\n';
    expect(upsertTrackRow(list, row)).toBe(
      list.replace(
        '/old/)*\n',
        '/old/)*\n\n---\n\n- [~] **Track: New | one**\n*Link: [./conductor/tracks/new_20260101/](./conductor/tracks/new_20260101/)*\n',
      ),
    );
    const headings = '# Tracks\r\n\r\n## [ ] Track: Old\r\n*Link: [./tracks/old/](./tracks/old/)*';
    expect(upsertTrackRow(headings, { ...row, completed: '2026-01-02' })).toBe(
      `${headings}\r\n\r\n## [x] Track: New | one\r\n*Link: [./tracks/new_20260101/](./tracks/new_20260101/)*`,
    );
    const bare = '- [ ] Track: Old\n';
    expect(upsertTrackRow(bare, { ...row, status: 'draft' })).toBe(
      '- [ ] Track: Old\n\n- [ ] Track: New | one\n*Link: [./tracks/new_20260101/](./tracks/new_20260101/)*\n',
    );
    for (const text of [list, headings, bare]) {
      const once = upsertTrackRow(text, row);
      expect(upsertTrackRow(once, row)).toBe(once);
    }
  });

  it('names a track by a link where it has no column for the id', () => {
    const named = '| Track | Status |\n|---|---|\n| 001-old | active |\n';
    expect(upsertTrackRow(named, row)).toBe(`${named}| [New \\| one](./tracks/new_20260101/) | active |\n`);
    const linked = '| Name | Link |\n|---|---|\n| Old | [here](./tracks/old/) |\n';
    expect(upsertTrackRow(linked, row)).toBe(
      `${linked}| New \\| one | [./tracks/new_20260101/](./tracks/new_20260101/) |\n`,
    );
  });

  it('keeps its own word for a state as long as that means the same', () => {
    const table = (status: string) => `| Track ID | Status |\n|---|---|\n| new_20260101 | ${status} |\n`;
    for (const [theirs, ours] of [
      ['🚧 In Progress', 'active'],
      ['In-Progress', 'paused'],
      ['✅ Done', 'complete'],
      ['Planned', 'draft'],
      ['**Blocked**', 'failed'],
    ] as const)
      expect(upsertTrackRow(table(theirs), { ...row, status: ours })).toBe(table(theirs));
    for (const [theirs, ours] of [
      ['🚧 In Progress', 'blocked'],
      ['active', 'paused'],
      ['Waiting for QA', 'active'],
      ['constructor', 'active'],
    ] as const)
      expect(upsertTrackRow(table(theirs), { ...row, status: ours })).toBe(table(ours));
    expect(upsertTrackRow(table('odd'), { ...row, status: 'odder' })).toBe(table('odder'));
  });
});
