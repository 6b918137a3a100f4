import type { ActorRef, Json } from '../../ports/values.js';
import type { Call, Cursor, Page, Write } from './calls.js';

export interface ApprovalsApi {
  /** Pending unless asked otherwise, oldest first. */
  list(
    query?: Cursor & { status?: Approval['status'] | undefined; trackId?: string | undefined },
    o?: Call,
  ): Promise<Page<Approval>>;
  get(id: string, o?: Call): Promise<Approval>;
  /** `APPROVAL_DECIDED`, `APPROVAL_STALE`, `APPROVAL_EXPIRED`, `FORBIDDEN` (one's own request). */
  decide(id: string, input: DecideInput, o?: Write): Promise<Approval>;
}

export interface DecideInput {
  outcome: 'approved' | 'denied';
  choice?: string | undefined;
  answer?: Json | undefined;
  reason?: string | undefined;
}

export interface Approval {
  id: string;
  kind: string;
  status: 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'consumed';
  stale: boolean;
  revision: number;
  trackId?: string;
  subject: string;
  subjectRevision: number;
  summary: string;
  options: readonly ApprovalOption[];
  requester: ActorRef;
  requestedAt: string;
  expiresAt?: string;
  decider: { kind: 'human' | 'lead' | 'board' | 'evaluator' | 'policy'; id?: string };
  answeredBy?: ActorRef;
  answeredAt?: string;
  choice?: string;
  answer?: Json;
  reason?: string;
}

export interface ApprovalOption {
  id: string;
  label: string;
  leadsTo: string;
}
