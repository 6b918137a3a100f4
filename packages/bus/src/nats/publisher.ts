import { ConductorError, withTimeout } from '@conductor/core';
import type { Clock, Opt } from '@conductor/core/ports';
import { createInbox, headers } from '@nats-io/transport-node';
import type { Msg } from '@nats-io/transport-node';
import { linkOver, natsFailed } from './link.js';
import type { LinkState, NatsLink } from './link.js';

/** A message for the server, ready to be sent. */
export interface Outgoing {
  readonly subject: string;
  /** The server takes one message of an id in its window; letters that a header may hold. */
  readonly messageId: string;
  readonly payload: string;
}

export interface Publisher {
  /**
   * Resolves when the server has all of them on disk, in their order. While the connection is down it waits, and sends
   * again what was not acknowledged, in the order of all calls; when it has been down for the whole time that a call may
   * take, it fails at once. Throws BUS_FAILED.
   */
  send(messages: readonly Outgoing[], o?: Opt): Promise<void>;
  /** Waits for what is on its way, and stops listening. */
  close(): Promise<void>;
}

export interface PublisherOptions {
  readonly link: NatsLink;
  readonly clock: Clock;
  /** How long a call waits for the server, a lost connection included. */
  readonly timeoutMs: number;
  /** Messages on their way at one time; more wait here. */
  readonly window: number;
  /** Called when no stream takes a message for a while: perhaps there is none any more. */
  mend(): Promise<void>;
}

/** What the server answers where nobody listens. */
const nobodyThere = 503;
const quickTries = 20;
const againMs = 50;

interface Entry extends Outgoing {
  readonly call: Call;
}

interface Call {
  left: number;
  resolve(): void;
  reject(reason: unknown): void;
}

/** One line of messages to the server: many on their way, each acknowledged by its number. */
export function createPublisher({ link, clock, timeoutMs, window, mend }: PublisherOptions): Publisher {
  const { connection } = link;
  const inbox = createInbox();
  const waiting: Entry[] = [];
  const underWay = new Map<number, Entry>();
  const calls = new Set<Promise<void>>();
  /** Sent where no stream took it yet: it is just being made, or its leader changes. */
  const nobody: number[] = [];
  const ended = new AbortController();
  let stalls = 0;
  let n = 0;

  const transmit = (number: number, { subject, messageId, payload }: Entry) => {
    const marks = headers();
    marks.set('Nats-Msg-Id', messageId);
    connection.publish(subject, payload, { reply: `${inbox}.${number}`, headers: marks });
  };
  const pump = () => {
    while (link.connected && underWay.size < window) {
      const entry = waiting.shift();
      if (!entry) return;
      n += 1;
      underWay.set(n, entry);
      transmit(n, entry);
    }
  };
  const drop = (call: Call) => {
    for (const [number, entry] of underWay) if (entry.call === call) underWay.delete(number);
    for (let at = waiting.length - 1; at >= 0; at -= 1) if (waiting[at]?.call === call) waiting.splice(at, 1);
    pump();
  };
  const sendAgain = async () => {
    stalls += 1;
    const pause = stalls <= quickTries ? connection.flush() : clock.sleep(againMs, { signal: ended.signal });
    await pause.catch(() => undefined); // over: nothing is sent any more
    if (stalls % quickTries === 0) await mend().catch(() => undefined); // tried again after as many more
    if (!link.connected) return void nobody.splice(0);
    for (const number of nobody.splice(0)) {
      const entry = underWay.get(number);
      if (entry) transmit(number, entry);
    }
  };
  const onAcknowledged = (_: Error | null, answer: Msg) => {
    const number = Number(answer.subject.slice(inbox.length + 1));
    const entry = underWay.get(number);
    if (!entry) return;
    if (answer.headers?.code === nobodyThere) {
      if (nobody.push(number) === 1) void sendAgain();
      return;
    }
    stalls = 0;
    const refusal = refusalOf(answer);
    if (refusal) entry.call.reject(refusal);
    underWay.delete(number);
    entry.call.left -= 1;
    if (entry.call.left === 0) entry.call.resolve();
    pump();
  };
  const onChange = (state: LinkState) => {
    if (state === 'over') for (const { call } of [...underWay.values(), ...waiting]) call.reject(linkOver());
    if (state !== 'up') return;
    // What was lost with the old connection, in the old order and before anything new; what was not is known by its id.
    for (const [number, entry] of underWay) transmit(number, entry);
    pump();
  };
  const subscription = connection.subscribe(`${inbox}.*`, { callback: onAcknowledged });
  const unwatch = link.onChange(onChange);

  const send = async (messages: readonly Outgoing[], signal: AbortSignal | undefined) => {
    let call: Call | undefined;
    const acknowledged = new Promise<void>((resolve, reject) => {
      call = { left: messages.length, resolve, reject };
      for (const message of messages) waiting.push({ ...message, call });
    });
    pump();
    try {
      await withTimeout(acknowledged, { timeoutMs, clock, signal, error: () => unanswered(timeoutMs) });
    } finally {
      if (call && call.left > 0) drop(call);
    }
  };

  return {
    async send(messages, { signal } = {}) {
      signal?.throwIfAborted();
      if (messages.length === 0) return;
      if (connection.isClosed()) throw linkOver();
      if (link.downMs() >= timeoutMs) throw unanswered(timeoutMs);
      const sending = send(messages, signal);
      calls.add(sending);
      try {
        await sending;
      } finally {
        calls.delete(sending);
      }
    },
    async close() {
      await Promise.allSettled(calls);
      ended.abort();
      unwatch();
      if (!connection.isClosed()) subscription.unsubscribe();
    },
  };
}

function unanswered(timeoutMs: number): ConductorError {
  return new ConductorError('BUS_FAILED', `The NATS server did not acknowledge within ${timeoutMs} ms`, {
    hint: 'Publish the same again: what it has taken is not taken twice.',
    details: { timeoutMs },
  });
}

/** `{"stream":…,"seq":…}` is a yes, `{"error":…}` is a no. */
function refusalOf(answer: Msg): ConductorError | undefined {
  const text = answer.string();
  if (!text.includes('"error"')) return undefined;
  const { error } = answer.json<{ readonly error?: { readonly description?: string } }>();
  return error && natsFailed('The message was not taken', error.description ?? text);
}
