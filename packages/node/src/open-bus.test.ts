import { randomIds, systemClock } from '@conductor/core';
import type { ConductorError } from '@conductor/core';
import { memoryBus } from '@conductor/bus';
import { memoryWorkspace } from '@conductor/store/memory';
import { describe, expect, it } from 'vitest';
import { openBus, prefixOf } from './open-bus.js';
import type { BusChoice } from './open-bus.js';

const host = { clock: systemClock(), ids: randomIds(), storeId: 'store_1' };
const files = { workspace: memoryWorkspace({ clock: host.clock }), folder: 'conductor' };
/** A port on which nobody listens. */
const nobody = '127.0.0.1:1';

describe('the bus of a project', () => {
  it('is what a word says, and what was handed in as it is', async () => {
    const own = memoryBus();
    const names = await Promise.all([
      ...(['memory', 'file'] as const).map(async (word) => (await openBus(word, { ...host, files })).driver.name),
    ]);
    expect(names).toEqual(['memory', 'file']);
    expect(await openBus(own, host)).toBe(own);
  });

  it('is refused when no driver stands for the word, and no password is told', async () => {
    for (const choice of ['redis://ann:s3cret@b:1', 'nats://ann:s3cret@b:1?x=1', 'ann:s3cret@b:1', 'nats://']) {
      const refused = openBus(choice as BusChoice, host);
      await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await refused.catch((error: unknown) =>
        expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('s3cret'),
      );
    }
  });

  it('is there although no server answers: that is told once, and no password with it', async () => {
    const told: ConductorError[] = [];
    const onWarning = (warning: ConductorError) => void told.push(warning);
    const bus = await openBus(`nats://ann:s3cret@${nobody}`, { ...host, files, onWarning });
    expect(bus.driver).toMatchObject({ name: 'file+nats', capabilities: { workQueue: true, reach: 'network' } });
    expect(told).toMatchObject([{ code: 'BUS_FAILED', message: expect.stringContaining(nobody) }]);
    expect(told[0]?.hint).toContain('goes on without the bus');
    const refused = bus.publish([{ id: 'm', topic: 'feed', body: 1, at: '2026-01-01T00:00:00.000Z' }]);
    await expect(refused).rejects.toMatchObject({ code: 'BUS_FAILED' });
    await refused.catch((error: ConductorError) => told.push(error));
    await bus.close();
    expect(told.map((each) => `${String(each)} ${each.hint} ${JSON.stringify(each)}`).join()).not.toContain('s3cret');
  });

  it('is a part of the server that only hosts with the same log use', () => {
    expect(prefixOf('store_0190-ab')).toBe('conductor-store_0190-ab');
    expect(prefixOf('a.b>c *')).toMatch(/^[A-Za-z0-9_-]+$/u);
  });
});
