import type { ActorRef } from '../../ports/values.js';
import type { TracksApi } from './tracks.js';
import type { PlansApi } from './plans.js';
import type { ApprovalsApi } from './approvals.js';
import type { BoardsApi } from './boards.js';
import type { EventsApi } from './events.js';
import type { ArtifactsApi } from './artifacts.js';
import type { DocumentsApi } from './documents.js';
import type { SystemApi } from './system.js';

/**
 * Everything a host, a client or a page can do, bound to one actor. The engine implements it in process, the SDK over
 * HTTP; one suite runs on both.
 */
export interface ConductorApi {
  readonly tracks: TracksApi;
  readonly plans: PlansApi;
  readonly approvals: ApprovalsApi;
  readonly boards: BoardsApi;
  readonly events: EventsApi;
  readonly artifacts: ArtifactsApi;
  readonly documents: DocumentsApi;
  readonly system: SystemApi;
}

/** Engine and Project are sources; a server asks once per request. */
export interface ApiSource {
  as(actor: ActorRef): ConductorApi;
}
