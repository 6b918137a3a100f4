import { describe, expect, it } from 'vitest';
import { initialErrors, initialPatterns, nextErrorId, parseErrors } from './knowledge.js';
import { updateProjectIndex } from './project-index.js';
import type { ProjectIndex } from './project-index.js';
import { formatTrackRegistry, parseTrackRegistry } from './track-registry.js';
import type { TrackRegistryEntry } from './track-registry.js';

const index: ProjectIndex = {
  updatedAt: '2026-01-02T10:00:00.000Z',
  project: 'Slugs',
  focus: [{ id: 'greet_1', name: 'Greet [now]', step: 'EXECUTE' }],
  completed: [{ id: 'a_1', name: 'A', completedAt: '2026-01-01T10:00:00.000Z' }],
  health: { active: 1, blocked: 0, completed: 1, openQuestions: 2 },
};

describe('index.md', () => {
  it('shows focus, completions and health', () => {
    const text = updateProjectIndex(undefined, index);
    expect(text).toBe(`# Slugs

**Last Updated**: 2026-01-02

## Current Focus

- [Greet now](./tracks/greet_1/) – EXECUTE

## Recent Completions

- [A](./tracks/a_1/) – 2026-01-01

## System Health

- Active tracks: 1
- Blocked tracks: 0
- Completed tracks: 1
- Open questions: 2
`);
    expect(updateProjectIndex(text, index)).toBe(text);
  });

  it('replaces its own lines only: what people wrote stays, also inside its sections', () => {
    const theirs =
      '# Shop\r\n\r\nLast updated: 2026-01-01 by Ada\r\n\r\n## Documents\r\n\r\n- [Product](./product.md)\r\n\r\n## Current Focus\r\n\r\n' +
      'Bob is out until Monday.\r\n- [Greet](./tracks/greet_1/) – PLAN\r\n\r\n### Next\r\nThe audit\r\n\r\n## More\nmixed\n\r\n```\n## System Health\n```\n';
    const text = updateProjectIndex(theirs, index);
    expect(text).toBe(
      '# Shop\r\n\r\nLast updated: 2026-01-01 by Ada\r\n\r\n## Documents\r\n\r\n- [Product](./product.md)\r\n\r\n## Current Focus\r\n\r\n' +
        '- [Greet now](./tracks/greet_1/) – EXECUTE\r\n\r\nBob is out until Monday.\r\n\r\n### Next\r\nThe audit\r\n\r\n' +
        '## More\nmixed\n\r\n```\n## System Health\n```\r\n\r\n## Recent Completions\r\n\r\n- [A](./tracks/a_1/) – 2026-01-01\r\n\r\n' +
        '## System Health\r\n\r\n- Active tracks: 1\r\n- Blocked tracks: 0\r\n- Completed tracks: 1\r\n- Open questions: 2\r\n',
    );
    expect(updateProjectIndex(text, index)).toBe(text);
    const dated = updateProjectIndex('# P\n\n_Last updated: 2025-01-01_\n', index);
    expect(dated).toContain('**Last Updated**: 2026-01-02\n');
    expect(dated).not.toContain('2025');
  });
});

describe('track-registry.json', () => {
  const track: TrackRegistryEntry = {
    id: 'a_1',
    name: 'A',
    type: 'feature',
    status: 'active',
    priority: 'P1',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-02T00:00:00.000Z',
    startedAt: '2026-01-01T01:00:00.000Z',
    progress: { completedSteps: 1, totalSteps: 3 },
  };
  const other: TrackRegistryEntry = {
    ...track,
    id: 'b_1',
    status: 'completed',
    updatedAt: '2026-01-03T00:00:00.000Z',
    completedAt: '2026-01-03T00:00:00.000Z',
    result: { ok: true },
    path: 'old/b_1',
    lastCheckpoint: 'c1',
  };
  const registry = { activeTrack: 'a_1', tracks: [other, track] };

  it('reads back what it wrote, newest first, with counts and percentages', () => {
    const text = formatTrackRegistry({ ...registry, tracks: [track, other] });
    expect(parseTrackRegistry(text)).toEqual({ ...registry, findings: [] });
    expect(JSON.parse(text)).toMatchObject({
      version: '1.0',
      active_track: 'a_1',
      tracks: {
        a_1: { track_id: 'a_1', path: 'a_1', progress: { percentage: 33, completed_steps: 1, total_steps: 3 } },
      },
      metadata: { total_tracks: 2, active_count: 1, completed_count: 1, last_updated: '2026-01-03T00:00:00.000Z' },
    });
    expect(parseTrackRegistry('')).toEqual({ activeTrack: null, tracks: [], findings: [] });
  });

  it('keeps unknown keys, their order and foreign tracks', () => {
    const text = '{"owner": "Bob", "tracks": {"x": {"track_id": 7}, "a_1": {"mine": 1}}, "version": "1.0"}';
    expect(parseTrackRegistry(text)).toMatchObject({
      tracks: [],
      findings: [{ message: expect.stringContaining('"x"') as string }, {}],
    });
    const written = formatTrackRegistry(registry, text);
    expect(JSON.parse(written)).toMatchObject({
      owner: 'Bob',
      tracks: { x: { track_id: 7 }, a_1: { mine: 1, name: 'A' }, b_1: {} },
    });
    expect(Object.keys(JSON.parse(written) as object)).toEqual([
      'owner',
      'tracks',
      'version',
      'active_track',
      'metadata',
    ]);
    expect(formatTrackRegistry(registry, written)).toBe(written);
  });

  it('says what is damaged and writes it anew', () => {
    expect(parseTrackRegistry('{')).toMatchObject({ tracks: [], findings: [{ code: 'REGISTRY_UNREAD' }] });
    expect(parseTrackRegistry('[]').findings).toHaveLength(1);
    expect(parseTrackRegistry(formatTrackRegistry(registry, '{"tracks": ')).tracks).toHaveLength(2);
    expect(parseTrackRegistry('{"tracks":{"__proto__":{"polluted":1}}}')).toMatchObject({ tracks: [] });
  });
});

describe('knowledge', () => {
  it('begins with the published sections and an empty list of errors', () => {
    expect(initialPatterns().match(/^## .*$/gm)).toEqual([
      '## Architecture Patterns',
      '## Common Solutions',
      '## Anti-patterns',
    ]);
    expect(parseErrors(initialErrors())).toEqual([]);
    expect(nextErrorId([])).toBe('err-001');
  });

  it('takes full, reduced and foreign entries of errors.json [FMT-38]', () => {
    const full = {
      id: 'err-007',
      pattern: 'ENOENT',
      category: 'fs',
      context: 'c',
      problem: 'p',
      solution: 's',
      code_fix: 'f',
      occurrences: 2,
      last_seen: '2026-01-01',
      discovered_in: 'a_1',
    };
    const reduced = { id: 'err-2', pattern: 'x', solution: 's', discovered_in: 'a', last_seen: '2026-01-01' };
    const foreign = { id: 'that time', date: '2026', track: 'a', symptom: 's', resolution: 'r' };
    expect(
      parseErrors(JSON.stringify({ version: 1, errors: [full, reduced, foreign, 'text', { pattern: 'no id' }] })),
    ).toEqual([full, reduced, foreign]);
    expect(parseErrors(JSON.stringify([reduced]))).toEqual([reduced]);
    expect(parseErrors('{"errors": "none"}')).toEqual([]);
    expect(nextErrorId([full, reduced, foreign])).toBe('err-008');
  });
});
