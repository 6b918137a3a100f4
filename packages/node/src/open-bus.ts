import { ConductorError } from '@conductor/core';
import type { ConductorConfig } from '@conductor/core/plugin';
import type { Clock, Ids, Logger, MessageBus, Opt, Workspace } from '@conductor/core/ports';
import { hideAddress } from './hide-credentials.js';

/** What can be said in `bus` of a configuration, in `CONDUCTOR_BUS` and in the options of `openProject`. */
export type BusChoice = NonNullable<ConductorConfig['bus']>;

export interface BusHost {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Of the store: hosts with one log have one bus, and two projects on one server do not hear each other. */
  readonly storeId: string;
  /** Where the published folders are written; without it there are none. */
  readonly files?: { readonly workspace: Workspace; readonly folder: string } | undefined;
  /** Told once of a server that is away, `BUS_FAILED`: nothing waits for it. */
  readonly onWarning?: ((warning: ConductorError) => void) | undefined;
  readonly logger?: Logger | undefined;
}

/**
 * Opens the bus that was chosen. The only place that knows which driver a word stands for. `nats://…` also writes the
 * published folders of this host; one whose server is away is told of and connected to when it is there, since a bus only wakes up.
 * Throws CONFIG_INVALID, CAPABILITY_MISSING; no message holds a password.
 */
export async function openBus(
  choice: BusChoice | MessageBus,
  host: BusHost,
  { signal }: Opt = {},
): Promise<MessageBus> {
  if (typeof choice === 'object') return choice;
  if (choice === 'memory') return openMemory(host);
  if (choice === 'file') return withFiles(host);
  if (/^(?:nats|tls):\/\//u.test(choice)) return withFiles(host, await openNats(choice, host, signal));
  throw new ConductorError('CONFIG_INVALID', `There is no bus ${JSON.stringify(hideAddress(String(choice)))}`, {
    hint: 'Use file, memory or nats://<host>:4222.',
  });
}

async function openMemory({ clock }: BusHost): Promise<MessageBus> {
  const { memoryBus } = await import('@conductor/bus');
  return memoryBus({ clock });
}

async function withFiles(host: BusHost, over?: MessageBus): Promise<MessageBus> {
  const { files, clock } = host;
  if (!files) return over ?? openMemory(host);
  const { fileBus } = await import('@conductor/bus/file');
  const { workspace, folder } = files;
  return fileBus({ workspace, clock, ...(over && { over }), folderOf: (trackId) => `${folder}/tracks/${trackId}` });
}

async function openNats(
  servers: string,
  { clock, ids, storeId, onWarning, logger }: BusHost,
  signal: AbortSignal | undefined,
): Promise<MessageBus> {
  const { lateBus } = await import('@conductor/bus');
  const { natsBus, natsDriver, parseNatsUrl } = await loadNats();
  const { prefix = prefixOf(storeId), servers: hosts } = parseNatsUrl(servers);
  return lateBus({
    driver: natsDriver,
    connect: (o) => natsBus({ servers, prefix, clock, ids, ...o }),
    clock,
    signal,
    onDown: (error) => onWarning?.(absent(error, hosts)),
    onUp: () => logger?.info('The bus is there now', { servers: hosts }),
  });
}

/** What people are told of a bus that is away. */
function absent(cause: ConductorError, hosts: readonly string[]): ConductorError {
  const { message, hint = `Check that a NATS server with JetStream can be reached at ${hosts.join(', ')}.` } = cause;
  return new ConductorError('BUS_FAILED', message, {
    hint: `This goes on without the bus, and connects as soon as it is there. ${hint}`,
    cause,
  });
}

const maxPrefix = 64;

/** The id of a store as a part of a server that NATS takes as a name. */
export function prefixOf(storeId: string): string {
  return `conductor-${storeId.replaceAll(/[^A-Za-z0-9_-]/gu, '-')}`.slice(0, maxPrefix);
}

async function loadNats() {
  try {
    return await import('@conductor/bus/nats');
  } catch (cause) {
    throw new ConductorError('CAPABILITY_MISSING', 'The client of NATS is not installed', {
      hint: 'Install @nats-io/transport-node and @nats-io/jetstream, or use the bus file.',
      cause,
    });
  }
}
