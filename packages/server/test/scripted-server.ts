import { FakeClock, sequentialIds } from '@conductor/core/testing';
import { bearerToken, createHandler, loopbackHosts } from '../src/index.js';
import type { HandlerOptions } from '../src/index.js';
import { owner, scriptedApi, token } from './scripted-api.js';
import type { Answers } from './scripted-api.js';

/** A handler over an API that answers what a test says, for one token and the hosts of this machine. */
export function scriptedServer(answers: Answers, options: Partial<HandlerOptions>) {
  const clock = new FakeClock();
  const api = scriptedApi(answers);
  const handler = createHandler(api.source, {
    authenticate: bearerToken(token, owner),
    allowHosts: loopbackHosts,
    clock,
    ids: sequentialIds(),
    ...options,
  });
  return { ...api, handler, clock };
}
