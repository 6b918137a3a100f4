import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ConductorError } from '../kernel/error.js';
import type { ConductorApi } from './contract/conductor-api.js';
import { checked, readQuery, routePath, writeQuery } from './request.js';
import { routes } from './routes.js';
import type { Route } from './route.js';
import type { RouteId } from './routes.js';
import { CreateTrack, Track, TrackQuery } from './schemas/tracks.js';
import { EventQuery } from './schemas/events.js';
import { PlanEdit } from './schemas/plans.js';

type Methods = {
  [N in keyof ConductorApi]: `${N}.${Extract<keyof ConductorApi[N], string>}`;
}[keyof ConductorApi];

const table: readonly (readonly [string, Route])[] = Object.entries(routes);

function codeOf(work: () => unknown): unknown {
  try {
    return { value: work() };
  } catch (error) {
    return ConductorError.is(error) ? error.code : error;
  }
}

describe('the table of routes', () => {
  it('has one route for each method of ConductorApi that is a request, and no other', () => {
    expectTypeOf<RouteId>().toEqualTypeOf<Exclude<Methods, 'tracks.waitFor'>>();
  });

  it('uses no pair of method and path twice', () => {
    const pairs = table.map(([, { method, path }]) => `${method} ${path}`);
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it('lets only health answer without a token', () => {
    expect(table.filter(([, route]) => route.open === true).map(([id]) => id)).toEqual(['system.health']);
  });

  it('marks as writes exactly the routes that change something', () => {
    const writes = table.filter(([, route]) => route.write === true).map(([id]) => id);
    const asks = table.filter(([, { method, write }]) => method !== 'GET' && write !== true).map(([id]) => id);
    expect(asks).toEqual(['plans.check']);
    expect(writes).toHaveLength(13);
  });
});

describe('paths', () => {
  it('carries any id as one segment', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (id) => {
        fc.pre(id !== '.' && id !== '..');
        const { pathname } = new URL(`http://h${routePath('/tracks/{id}/plan', id)}`);
        const [, tracks, segment = '', plan, ...rest] = pathname.split('/');
        expect([tracks, decodeURIComponent(segment), plan, rest]).toEqual(['tracks', id, 'plan', []]);
      }),
    );
  });

  it.each(['', '.', '..', '\ud800'])('refuses the id %j, which a URL would lose', (id) => {
    expect(codeOf(() => routePath('/tracks/{id}', id))).toBe('ID_INVALID');
  });
});

describe('queries', () => {
  it('survives the way through a URL', () => {
    const event = fc.record(
      {
        after: fc.nat(),
        tail: fc.integer({ min: 0, max: 10_000 }),
        trackId: fc.string(),
        until: fc.constant('stopped' as const),
        types: fc.array(fc.string(), { minLength: 1, maxLength: 5 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(event, (query) => {
        expect(readQuery(EventQuery, new URLSearchParams(writeQuery(query).toString()))).toEqual(query);
      }),
    );
  });

  it.each([
    'limit=1e2',
    'limit=0x10',
    'limit=+1',
    'limit=',
    'limit=501',
    'limit=0',
    'limit=1&limit=2',
    'limitt=1',
    '__proto__=1',
  ])('refuses ?%s', (query) => {
    expect(codeOf(() => readQuery(TrackQuery, new URLSearchParams(query)))).toBe('VALIDATION_FAILED');
  });

  it('reads repeated keys as a list, and one key as a list of one', () => {
    expect(readQuery(TrackQuery, new URLSearchParams('lifecycle=active&lifecycle=draft'))).toEqual({
      lifecycle: ['active', 'draft'],
    });
    expect(readQuery(TrackQuery, new URLSearchParams('lifecycle=active'))).toEqual({ lifecycle: ['active'] });
  });
});

describe('schemas', () => {
  it('refuses an unknown key of a request and names its place', () => {
    expect(() => checked(CreateTrack, { goal: 'x', tasks: [{ text: 'a', file: 'b' }] }, 'The body')).toThrow(
      /tasks\.0/,
    );
    expect(codeOf(() => checked(PlanEdit, { do: 'mark', task: 'a', state: 'finished' }, 'The body'))).toBe(
      'VALIDATION_FAILED',
    );
  });

  it('leaves limits absent that nobody gave', () => {
    expect(checked(CreateTrack, { limits: { maxWorkers: 2 } }, 'The body')).toEqual({ limits: { maxWorkers: 2 } });
    expect(codeOf(() => checked(CreateTrack, { limits: { maxWorkers: 0 } }, 'The body'))).toBe('VALIDATION_FAILED');
    expect(codeOf(() => checked(CreateTrack, { limits: { maxWokers: 2 } }, 'The body'))).toBe('VALIDATION_FAILED');
  });

  it('keeps unknown keys of an answer', () => {
    const read = Track.safeParse({ ...track, colour: 'red', progress: { ...track.progress, paused: 1 } });
    expect(read.data).toMatchObject({ colour: 'red', progress: { paused: 1 } });
  });
});

const track = {
  id: 'a',
  name: 'A',
  type: 'feature',
  priority: 'P2',
  lifecycle: 'draft',
  background: false,
  revision: 1,
  step: 'PLAN',
  stepStatus: 'NOT_STARTED',
  fixCycles: 0,
  planRevisions: 0,
  iterations: 0,
  progress: { total: 0, done: 0, running: 0, blocked: 0, failed: 0, skipped: 0 },
  next: { do: 'start', reason: '' },
  approvals: [],
  blockers: [],
  conditions: [],
  usage: { known: true },
  labels: [],
  dependencies: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};
