import type * as z from '@conductor/core/schema';
import { ConductorError } from '../kernel/error.js';
import { jsonValue } from '../kernel/json.js';
import { idSchema as id } from '../schema/id.js';
import { lazySchema } from '../schema/lazy.js';
import type { ActorRef, EventEnvelope, Json, NewEvent } from '../ports/values.js';
import type { DecideContext, Decider } from '../track/decider.js';
import { eventVersion } from '../track/upcast.js';

const actor = lazySchema((z) => z.object({ kind: z.enum(['user', 'agent', 'engine', 'system', 'foreign']), id }));

/** Events of `approval/<id>`: one question, one answer, one use. */
export const approvalEvents = {
  'approval.requested': lazySchema((z) =>
    z.object({
      kind: z.string(),
      trackId: id.optional(),
      subject: z.string(),
      subjectRevision: z.int().min(0),
      requester: actor,
      decider: z.object({ kind: z.enum(['human', 'lead', 'board', 'evaluator', 'policy']), id: id.optional() }),
      summary: z.string(),
      options: z.array(z.object({ id, label: z.string(), leadsTo: z.string() })),
      expiresAt: z.string().optional(),
    }),
  ),
  'approval.answered': lazySchema((z) =>
    z.object({
      outcome: z.enum(['approved', 'denied']),
      choice: z.string().optional(),
      answer: jsonValue.optional(),
      reason: z.string().optional(),
    }),
  ),
  'approval.expired': lazySchema(({ looseObject }) => looseObject({})),
  'approval.cancelled': lazySchema((z) => z.object({ reason: z.string() })),
  'approval.consumed': lazySchema((z) => z.object({ by: z.string() })),
} as const;

type Data<T extends keyof typeof approvalEvents> = z.infer<(typeof approvalEvents)[T]>;

export interface ApprovalState {
  readonly id: string;
  readonly version: number;
  readonly status: 'none' | 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'consumed';
  readonly request?: Data<'approval.requested'>;
  readonly requestedAt?: string;
  readonly answer?: Data<'approval.answered'>;
  readonly answeredBy?: ActorRef;
  readonly answeredAt?: string;
}

export type ApprovalCommand =
  | { readonly name: 'approval.request'; readonly data: Data<'approval.requested'> }
  | { readonly name: 'approval.answer'; readonly data: Data<'approval.answered'> }
  | { readonly name: 'approval.expire'; readonly data: Data<'approval.expired'> }
  | { readonly name: 'approval.cancel'; readonly data: Data<'approval.cancelled'> }
  | { readonly name: 'approval.consume'; readonly data: Data<'approval.consumed'> };

function event<T extends keyof typeof approvalEvents>(type: T, data: Data<T>): NewEvent {
  return { type, v: 1, data: data as Json }; // the schemas above describe plain JSON
}

function decide(state: ApprovalState, command: ApprovalCommand, context: DecideContext): readonly NewEvent[] {
  switch (command.name) {
    case 'approval.request':
      return state.status === 'none' ? [event('approval.requested', command.data)] : [];
    case 'approval.answer':
      return answer(state, command.data, context);
    case 'approval.expire':
      return state.status === 'pending' ? [event('approval.expired', {})] : [];
    case 'approval.cancel':
      return state.status === 'pending' ? [event('approval.cancelled', command.data)] : [];
    case 'approval.consume':
      return consume(state, command.data);
  }
}

function answer(
  state: ApprovalState,
  data: Data<'approval.answered'>,
  { actor: by, at }: DecideContext,
): readonly NewEvent[] {
  const { request } = state;
  if (!request) throw missing(state);
  if (state.status !== 'pending') {
    throw new ConductorError('APPROVAL_DECIDED', `Question ${state.id} is ${state.status} already`, {
      details: { approval: state.id, status: state.status },
    });
  }
  if (request.expiresAt !== undefined && at > request.expiresAt) {
    throw new ConductorError('APPROVAL_EXPIRED', `Question ${state.id} expired at ${request.expiresAt}`, {
      details: { approval: state.id },
    });
  }
  const rule = forbids(request, by);
  if (rule !== undefined) {
    throw new ConductorError('FORBIDDEN', `${by.kind} ${by.id} may not answer question ${state.id}`, {
      details: { rule },
    });
  }
  if (data.choice !== undefined && !request.options.some((option) => option.id === data.choice)) {
    throw new ConductorError('VALIDATION_FAILED', `Question ${state.id} has no option ${JSON.stringify(data.choice)}`, {
      hint: `Choose one of: ${request.options.map((option) => option.id).join(', ')}`,
      details: { options: request.options.map((option) => option.id) },
    });
  }
  return [event('approval.answered', data)];
}

/** Nobody answers himself; where a person is asked, only a person answers, and where somebody is named, only he. */
function forbids({ requester, decider }: Data<'approval.requested'>, by: ActorRef): string | undefined {
  if (requester.kind === by.kind && requester.id === by.id) return 'own-request';
  if (decider.kind === 'human' && by.kind !== 'user') return 'only-people';
  return decider.id !== undefined && decider.id !== by.id ? 'named-decider' : undefined;
}

function consume(state: ApprovalState, data: Data<'approval.consumed'>): readonly NewEvent[] {
  if (state.status === 'consumed') return [];
  if (state.status === 'none') throw missing(state);
  if (state.status === 'pending') {
    throw new ConductorError('INVALID_STATE', `Question ${state.id} is not answered yet`, {
      details: { approval: state.id },
    });
  }
  return [event('approval.consumed', data)];
}

function missing(state: ApprovalState): ConductorError {
  return new ConductorError('APPROVAL_NOT_FOUND', `There is no question ${state.id}`, {
    details: { approval: state.id },
  });
}

function evolve(state: ApprovalState, { type, v, data, version, at, actor: by }: EventEnvelope): ApprovalState {
  const next = { ...state, version };
  if (v > eventVersion(type)) return next; // written by a later version: kept, and not guessed at
  switch (type) {
    case 'approval.requested':
      return { ...next, status: 'pending', request: data as Data<'approval.requested'>, requestedAt: at };
    case 'approval.answered': {
      const given = data as Data<'approval.answered'>;
      return { ...next, status: given.outcome, answer: given, answeredBy: by, answeredAt: at };
    }
    case 'approval.expired':
      return { ...next, status: 'expired' };
    case 'approval.cancelled':
      return { ...next, status: 'cancelled' };
    case 'approval.consumed':
      return { ...next, status: 'consumed' };
    default:
      return next;
  }
}

/** The decider of `approval/<id>`. Throws `APPROVAL_NOT_FOUND`, `APPROVAL_DECIDED`, `APPROVAL_EXPIRED`, `FORBIDDEN`, `VALIDATION_FAILED`. */
export const approval: Decider<ApprovalState, ApprovalCommand> = Object.freeze({
  kind: 'approval',
  foldVersion: 1,
  initial: (id: string) => ({ id, version: 0, status: 'none' as const }),
  decide,
  evolve,
});
