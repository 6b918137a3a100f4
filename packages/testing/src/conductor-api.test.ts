import type { ActorRef } from '@conductor/core/ports';
import { createClient } from '@conductor/sdk';
import { createHandler, loopbackHosts } from '@conductor/server';
import { serve } from '@conductor/server/node';
import { conductorApiSuite } from './conductor-api.suite.js';
import type { OpenApi } from './conductor-api.suite.js';
import { createTestEngine, localOwner } from './create-test-engine.js';

conductorApiSuite('engine in process', async ({ agents }) => {
  const { api, as, clock, close } = await createTestEngine({ agents, views: false });
  return { api, as, close, advance: (ms) => clock.advance(ms) };
});

/** The same engine, but every call goes through the SDK, a socket, the server's guards, and back. */
const overHttp: OpenApi = async ({ agents }) => {
  const { engine, clock, close } = await createTestEngine({ agents, views: false });
  const actors = new Map<string, ActorRef>();
  const tokenOf = (request: Request) => request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
  const authenticate = (request: Request) => actors.get(tokenOf(request));
  const handler = createHandler(engine, { authenticate, allowHosts: loopbackHosts, clock });
  const server = await serve(handler, { port: 0 });
  const as = (actor: ActorRef) => {
    const token = `token-${actor.kind}-${actor.id}`;
    actors.set(token, actor);
    return createClient({ baseUrl: server.url, token, clock });
  };
  const closeAll = async () => {
    await server.close();
    await close();
  };
  return { api: as(localOwner), as, close: closeAll, advance: (ms) => clock.advance(ms) };
};

conductorApiSuite('engine behind server and sdk', overHttp);
