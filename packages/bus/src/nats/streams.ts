import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { ConsumerConfig, ConsumerInfo, JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { natsFailed } from './link.js';
import type { NatsLink } from './link.js';
import type { NatsNames } from './subjects.js';

/** How the streams of a bus are made. One that is there already is used as it is: its operator knows better. */
export interface StreamLimits {
  /** How long messages of topics are kept for readers that come back. */
  readonly topicAgeMs: number;
  readonly topicBytes: number;
  /** How long an id of a message or an item is remembered. */
  readonly dedupeMs: number;
  readonly deadAgeMs: number;
  readonly replicas: number;
  readonly storage: 'file' | 'memory';
}

/** The streams of one bus, made at their first use. */
export interface NatsStreams {
  topics(): Promise<StreamInfo>;
  work(): Promise<StreamInfo>;
  dead(): Promise<StreamInfo>;
  /** Makes those again that were used: a server that came back without its disk has none. Throws BUS_FAILED. */
  again(): Promise<void>;
  readonly manager: JetStreamManager;
}

/** Of the server's errors (nats-server, errors.json). */
const codes = { noConsumer: 10_014, nameInUse: 10_058, noStream: 10_059 };
const tries = 20;

/** Throws BUS_FAILED where the server has no JetStream. */
export async function createStreams(link: NatsLink, names: NatsNames, limits: StreamLimits): Promise<NatsStreams> {
  const manager = await asked('JetStream cannot be used', jetstreamManager(link.connection));
  const { ensure, again } = lazily((config) => ensureStream(manager, { ...common(limits), ...config }));
  return {
    manager,
    again,
    topics: () =>
      ensure({
        name: names.topics,
        subjects: [names.subjectsOf.topics],
        retention: 'limits',
        max_age: nanos(limits.topicAgeMs),
        max_bytes: limits.topicBytes,
      }),
    work: () => ensure({ name: names.work, subjects: [...names.subjectsOf.work], retention: 'workqueue' }),
    dead: () =>
      ensure({
        name: names.dead,
        subjects: [names.subjectsOf.dead],
        retention: 'limits',
        max_age: nanos(limits.deadAgeMs),
        allow_direct: true,
      }),
  };
}

type StreamConfigOf = Partial<StreamConfig> & Pick<StreamConfig, 'name'>;

function common({ dedupeMs, replicas, storage }: StreamLimits): Partial<StreamConfig> {
  return { storage, num_replicas: replicas, duplicate_window: nanos(dedupeMs), discard: 'old' };
}

/** Once a stream; a failure is forgotten, so that the next use asks again. */
function lazily(make: (config: StreamConfigOf) => Promise<StreamInfo>) {
  const made = new Map<string, Promise<StreamInfo>>();
  const configs = new Map<string, StreamConfigOf>();
  const ensure = (config: StreamConfigOf) => {
    const known = made.get(config.name);
    if (known) return known;
    const making = make(config);
    made.set(config.name, making);
    configs.set(config.name, config);
    making.catch(() => made.delete(config.name));
    return making;
  };
  const again = async () => {
    made.clear();
    await Promise.all([...configs.values()].map(ensure));
  };
  return { ensure, again };
}

/** Of several hosts that make it at one time, one may hear that it is there before it can be read: then all is asked again. */
async function ensureStream(manager: JetStreamManager, config: StreamConfigOf): Promise<StreamInfo> {
  for (let left = tries; ; left -= 1) {
    try {
      return await manager.streams.add(config);
    } catch (error) {
      if (codeOf(error) !== codes.nameInUse) throw natsFailed(`The stream ${config.name} cannot be made`, error);
    }
    try {
      return await manager.streams.info(config.name);
    } catch (error) {
      if (left === 0 || codeOf(error) !== codes.noStream)
        throw natsFailed(`The stream ${config.name} cannot be read`, error);
    }
  }
}

/** A durable consumer as it is, or a new one: its terms are those of whoever made it. Throws BUS_FAILED. */
export async function ensureConsumer(
  manager: JetStreamManager,
  stream: string,
  config: Partial<ConsumerConfig> & { readonly durable_name: string },
): Promise<ConsumerInfo> {
  try {
    return await manager.consumers.info(stream, config.durable_name);
  } catch (error) {
    if (codeOf(error) !== codes.noConsumer) throw natsFailed(`A consumer of ${stream} cannot be read`, error);
    return asked(`A consumer of ${stream} cannot be made`, manager.consumers.add(stream, config));
  }
}

function codeOf(error: unknown): number | undefined {
  return error instanceof JetStreamApiError ? error.code : undefined;
}

/** The answer of the server, or BUS_FAILED with its words. */
export async function asked<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw natsFailed(what, error);
  }
}
