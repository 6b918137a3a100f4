import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { natsServer, startNats } from './nats-server.js';

describe.skipIf(natsServer === undefined)('a server of a test', () => {
  it('comes back on its port after a kill, and leaves nothing when it stops', async () => {
    const nats = await startNats();
    const { url, pid } = nats;
    await nats.kill();
    await expect(connect({ servers: url, reconnect: false })).rejects.toThrow();
    await nats.restart();
    expect([nats.url, nats.pid === pid]).toEqual([url, false]);
    const connection = await connect({ servers: url, reconnect: false });
    expect(connection.info?.jetstream).toBe(true);
    expect(await nats.connections()).toBe(1);
    await connection.close();
    await nats.stop();
    await nats.stop();
    await expect(connect({ servers: url, reconnect: false })).rejects.toThrow();
  });
});
