export { createHandler } from './create-handler.js';
export type { Handler, HandlerOptions } from './create-handler.js';
export { bearerToken } from './bearer-token.js';
export type { Authenticate } from './bearer-token.js';
export { loopbackHosts } from './guard.js';
export { openApiDocument } from './openapi.js';
