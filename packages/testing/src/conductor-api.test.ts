import { createClient } from '@conductor/sdk';
import { createHandler, loopbackHosts } from '@conductor/server';
import type { ActorRef } from '@conductor/core/ports';
import { conductorApiSuite } from './conductor-api.suite.js';
import type { OpenApi } from './conductor-api.suite.js';
import { createTestEngine, localOwner } from './create-test-engine.js';

conductorApiSuite('engine in process', async ({ agents }) => createTestEngine({ agents, views: false }));

/** The same engine, but every call goes through the SDK, JSON, the server's guards and back. */
const overHttp: OpenApi = async ({ agents }) => {
  const { engine, ports, close } = await createTestEngine({ agents, views: false });
  const { clock } = ports;
  const actors = new Map<string, ActorRef>();
  const authenticate = (request: Request) =>
    actors.get(request.headers.get('authorization')?.slice('Bearer '.length) ?? '');
  const handler = createHandler(engine, { authenticate, allowHosts: loopbackHosts, clock });
  const as = (actor: ActorRef) => {
    const token = `token-${actor.kind}-${actor.id}`;
    actors.set(token, actor);
    const fetch: typeof globalThis.fetch = (url, init) => handler.fetch(new Request(url, init));
    return createClient({ baseUrl: 'http://localhost:4270', token, fetch, clock });
  };
  const closeAll = async () => {
    await handler.close();
    await close();
  };
  return { api: as(localOwner), as, close: closeAll };
};

conductorApiSuite('engine behind server and sdk', overHttp);
