import { describe, expect, it } from 'vitest';
import { localOwnerMayAll } from './authorize.js';

const ask = (kind: 'user' | 'agent' | 'foreign', action: string) =>
  localOwnerMayAll({ actor: { kind, id: 'x' }, action, subject: 'project' });

describe('localOwnerMayAll', () => {
  it('lets the local owner do all', async () => {
    expect(await ask('user', 'track.cancel')).toMatchObject({ allow: true });
  });

  it.each(['track.run', 'track.cancel', 'approval.answer', 'plan.edit', 'track.create', 'tracks.getaway'])(
    'does not let an agent do %s',
    async (action) => {
      expect(await ask('agent', action)).toMatchObject({ allow: false });
    },
  );

  it.each(['tracks.get', 'tracks.list', 'boards.minutes', 'events.follow', 'plans.graph'])(
    'lets an agent look: %s',
    async (action) => {
      expect(await ask('agent', action)).toMatchObject({ allow: true });
    },
  );
});
