import { afterAll, beforeAll, describe } from 'vitest';
import { natsServer, startNats } from '../../test/nats-server.js';
import type { TestNats } from '../../test/nats-server.js';
import { messageBusSuite } from '../message-bus.suite.js';
import { natsBus } from './nats-bus.js';

describe.skipIf(natsServer === undefined)('a NATS server with JetStream', () => {
  let nats: TestNats;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.stop());

  messageBusSuite('nats', ({ clock, space, maxAttempts }) =>
    natsBus({ servers: nats.url, prefix: space, clock, limits: { maxAttempts, topicBytes: 16 * 1024 * 1024 } }),
  );
});
