import type { BoardForm, Limits } from '@conductor/core';

/** Moments of a track at which a board may meet. */
export const checkpoints = ['EVALUATE_PLAN', 'EVALUATE_EXECUTION', 'PRE_LAUNCH', 'CONFLICT', 'POST_MORTEM'] as const;
export type Checkpoint = (typeof checkpoints)[number];

/** What is known of a track when the question comes up. */
export interface BoardDueInput {
  readonly checkpoint: Checkpoint;
  readonly type: string;
  readonly taskCount: number;
  readonly priority: string;
  /** 1 for the first plan. */
  readonly planRevision: number;
  /** Name, spec and plan: searched for words of sensitive matters. */
  readonly texts: readonly string[];
  readonly limits: Pick<Limits, 'majorTaskCount'>;
  /** An evaluator, a lead or a person asked for the board. */
  readonly requested?: boolean;
}

/** Whether a board meets, in which form, why, and who sits on it when it is not everybody. */
export interface BoardDue {
  readonly due: boolean;
  readonly form: BoardForm;
  readonly reasons: readonly string[];
  readonly directors?: readonly string[];
}

const majorTypes: ReadonlySet<string> = new Set(['architecture', 'integration', 'infrastructure']);

const sensitive = {
  auth: [
    'auth',
    'authenticate',
    'authenticated',
    'authentication',
    'authorisation',
    'authorization',
    'authorize',
    'login',
    'oauth',
    'password',
    'passwords',
    'sso',
    'jwt',
    'credentials',
  ],
  payments: ['payment', 'payments', 'billing', 'invoice', 'invoices', 'refund', 'refunds', 'stripe', 'paypal'],
  'data protection': ['data protection', 'personal data', 'gdpr', 'hipaa', 'pii', 'privacy', 'encryption'],
} as const;

/** A matter that needs a security eye. */
export type SensitiveMatter = keyof typeof sensitive;

const patterns = Object.entries(sensitive).map(([matter, words]) => ({
  matter: matter as SensitiveMatter,
  pattern: wholeWords(words),
}));

/** Whole words only (C-60): `author` is no `auth`. */
export function wholeWords(words: readonly string[]): RegExp {
  return new RegExp(
    `(?<![\\p{L}\\p{N}_])(?:${words.map((word) => word.replace(/ /g, '[ -]')).join('|')})(?![\\p{L}\\p{N}_])`,
    'iu',
  );
}

/** Sensitive matters that a text names by whole words. Linear. */
export function sensitiveMatters(texts: readonly string[]): readonly SensitiveMatter[] {
  return patterns.flatMap(({ matter, pattern }) => (texts.some((text) => pattern.test(text)) ? [matter] : []));
}

/**
 * Whether a board is due (10.2). A plan is judged by the full board when any one criterion of a major track holds (C-43); an
 * execution gets a quick review always; PRE_LAUNCH is reached only by a production deploy and asks CSO and COO (C-66); a
 * conflict and a post-mortem meet on request.
 */
export function boardDue(input: BoardDueInput): BoardDue {
  const asked = input.requested === true ? ['requested'] : [];
  switch (input.checkpoint) {
    case 'EVALUATE_PLAN':
      return dueFor('full', [...majorReasons(input), ...asked]);
    case 'EVALUATE_EXECUTION':
      return dueFor('quick', ['every execution is reviewed']);
    case 'PRE_LAUNCH':
      return { ...dueFor('deepDive', ['production deploy']), directors: ['CSO', 'COO'] };
    case 'CONFLICT':
      return dueFor('tieBreak', asked);
    case 'POST_MORTEM':
      return dueFor('postMortem', asked);
  }
}

function majorReasons({ type, taskCount, priority, planRevision, texts, limits }: BoardDueInput): readonly string[] {
  const reasons: string[] = [];
  if (majorTypes.has(type.toLowerCase())) reasons.push(`type ${type}`);
  if (taskCount >= limits.majorTaskCount) reasons.push(`${taskCount} tasks, ${limits.majorTaskCount} or more`);
  if (priority.toUpperCase() === 'P0') reasons.push('priority P0');
  if (planRevision > 1) reasons.push(`plan version ${planRevision}`);
  for (const matter of sensitiveMatters(texts)) reasons.push(`touches ${matter}`);
  return reasons;
}

function dueFor(form: BoardForm, reasons: readonly string[]): BoardDue {
  return { due: reasons.length > 0, form, reasons };
}
