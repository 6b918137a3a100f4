import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { trackEvent } from '../track/events.js';
import { project, registryFollowUps } from './project.js';
import type { ProjectCommand } from './project.js';

const add = (trackId: string, background = false): ProjectCommand => ({
  name: 'registry.add',
  data: { trackId, name: trackId, path: `tracks/${trackId}`, background },
});
const added = (trackId: string, background = false): NewEvent => ({
  type: 'registry.added',
  v: 1,
  data: add(trackId, background).data,
});
const activate = (trackId: string): ProjectCommand => ({ name: 'registry.activate', data: { trackId } });
const activated = (trackId: string): NewEvent => ({ type: 'registry.activated', v: 1, data: { trackId } });
const release = (trackId: string): ProjectCommand => ({ name: 'registry.release', data: { trackId } });
const released = (trackId: string): NewEvent => ({ type: 'registry.released', v: 1, data: { trackId } });
const on = (...events: readonly NewEvent[]) => given(project, 'project', events);

describe('a project', () => {
  const create: ProjectCommand = { name: 'project.create', data: { projectId: 'project_1', name: 'Shop' } };

  it('is created once', () => {
    expect(
      on()
        .when(create)
        .then([{ type: 'project.created', v: 1, data: create.data }]).state,
    ).toMatchObject({ version: 1, projectId: 'project_1', name: 'Shop' });
    on({ type: 'project.created', v: 1, data: create.data }).when(create).then([]);
  });

  it('does not guess at facts of its own that a later version has written', () => {
    const { state } = on(added('a'), { ...activated('a'), v: 2 }, { ...added('b'), v: 2 });
    expect([state.version, state.active, [...state.tracks.keys()]]).toEqual([3, undefined, ['a']]);
  });

  it('keeps its tracks in the order in which they came', () => {
    const { state } = on(added('b'), added('a', true));
    expect([...state.tracks.values()]).toEqual([
      { id: 'b', name: 'b', path: 'tracks/b', background: false },
      { id: 'a', name: 'a', path: 'tracks/a', background: true },
    ]);
  });

  it('holds no two tracks whose ids a disk may take for one', () => {
    on(added('Greet')).when(add('other')).then(['registry.added']);
    for (const [known, next] of [
      ['Greet', 'Greet'],
      ['Greet', 'gREET'],
      ['straße', 'STRASSE'],
      ['é', 'e\u0301'],
    ] as const)
      on(added(known)).when(add(next)).then('TRACK_EXISTS');
  });

  it('does not mind facts that it does not know', () => {
    expect(on(added('a'), { type: 'vendor/x.done', v: 1, data: {} }).state).toMatchObject({
      version: 2,
      tracks: expect.any(Map),
    });
  });
});

describe('the active track', () => {
  it('is one at most, and background tracks do not count', () => {
    expect(on(added('a')).when(activate('a')).then(['registry.activated']).state.active).toBe('a');
    on(added('a'), activated('a')).when(activate('a')).then([]);
    on(added('a'), added('b'), activated('a')).when(activate('b')).then('ACTIVE_TRACK_EXISTS');
    on(added('a'), added('b', true), activated('a')).when(activate('b')).then([]);
    on(added('a')).when(activate('z')).then('TRACK_NOT_FOUND');
  });

  it('is released by its own name only, and then another one may be', () => {
    expect(on(added('a'), activated('a')).when(release('a')).then(['registry.released']).state).not.toHaveProperty(
      'active',
    );
    on(added('a'), added('b'), activated('a')).when(release('b')).then([]);
    on(added('a')).when(release('a')).then([]);
    on(added('a'), added('b'), activated('a'), released('a')).when(activate('b')).then(['registry.activated']);
  });

  it('is never two, whatever is asked in whatever order', () => {
    const ids = fc.constantFrom('a', 'b', 'c');
    const command = fc.tuple(fc.constantFrom(activate, release), ids).map(([make, id]) => make(id));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const events: NewEvent[] = ['a', 'b', 'c'].map((id) => added(id));
        const active = new Set<string>();
        for (const next of commands) {
          const { state } = on(...events);
          try {
            for (const event of project.decide(state, next, { at: '', actor: { kind: 'user', id: 'mo' } })) {
              events.push(event);
              const { trackId } = event.data as { trackId: string };
              if (event.type === 'registry.activated') active.add(trackId);
              else active.delete(trackId);
            }
          } catch (error) {
            expect(error).toMatchObject({ code: 'ACTIVE_TRACK_EXISTS' });
          }
          expect(active.size).toBeLessThanOrEqual(1);
          expect([...active][0]).toBe(on(...events).state.active);
        }
      }),
    );
  });
});

describe('what the registry owes for facts of a track', () => {
  const owed = (
    ...types: ('readied' | 'activated' | 'paused' | 'resumed' | 'failed' | 'retried' | 'cancelled' | 'archived')[]
  ) =>
    registryFollowUps(
      'a',
      false,
      types.map((type) => trackEvent(`track.${type}`, {})),
    ).map(({ name }) => name);

  it('is the check that one track is active, or its release; the last fact counts', () => {
    expect(owed('activated')).toEqual(['registry.activate']);
    expect(owed('resumed')).toEqual(['registry.activate']);
    for (const type of ['paused', 'failed', 'cancelled'] as const) expect(owed(type)).toEqual(['registry.release']);
    expect(
      registryFollowUps('a', false, [trackEvent('track.completed', { criteria: [], report: { text: '' } })]),
    ).toEqual([{ name: 'registry.release', data: { trackId: 'a' } }]);
    for (const type of ['readied', 'retried', 'archived'] as const) expect(owed(type)).toEqual([]);
    expect(owed()).toEqual([]);
    expect(owed('readied', 'activated')).toEqual(['registry.activate']);
    expect(owed('paused', 'resumed')).toEqual(['registry.activate']);
    expect(owed('resumed', 'paused', 'archived')).toEqual(['registry.release']);
  });

  it('is nothing for a background track', () => {
    expect(registryFollowUps('a', true, [trackEvent('track.activated', {})])).toEqual([]);
  });
});
