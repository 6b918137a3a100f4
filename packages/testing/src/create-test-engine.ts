import { memoryBus } from '@conductor/bus';
import type { ConductorApi } from '@conductor/core/api';
import type { ActorRef, Artifacts, EventEnvelope, Logger, Store, Workspace } from '@conductor/core/ports';
import { FakeClock, sequentialIds } from '@conductor/core/testing';
import { createEngine } from '@conductor/engine';
import type { Engine, EnginePorts, EngineSettings } from '@conductor/engine';
import { leaseKeeper } from '@conductor/store';
import { memoryArtifacts, memoryStore, memoryWorkspace } from '@conductor/store/memory';

export interface TestEngineOptions extends EngineSettings {
  /** Files of the project by path. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Ports to use instead of the memory drivers: those of an earlier engine, to see it resume. */
  readonly ports?: Partial<EnginePorts> | undefined;
  readonly logger?: Logger | undefined;
}

export interface TestEngine {
  readonly engine: Engine;
  /** As the local owner. */
  readonly api: ConductorApi;
  as(actor: ActorRef): ConductorApi;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly workspace: Workspace;
  readonly artifacts: Artifacts;
  /** All ports, for a second engine on the same log. */
  readonly ports: EnginePorts;
  /** Every event of the store, oldest first. */
  events(): Promise<readonly EventEnvelope[]>;
  read(path: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export const localOwner: ActorRef = Object.freeze({ kind: 'user', id: 'local' });

/** An engine on memory drivers, a FakeClock and sequential ids: the whole product without a disk, a process or a wait. */
export async function createTestEngine({
  files = {},
  ports: given = {},
  logger,
  ...settings
}: TestEngineOptions = {}): Promise<TestEngine> {
  const clock = (given.clock as FakeClock | undefined) ?? new FakeClock(); // a test hands in the clock of its first engine
  const ids = given.ids ?? sequentialIds();
  const store = given.store ?? memoryStore({ clock, ids });
  const workspace = given.workspace ?? memoryWorkspace({ clock });
  const artifacts = given.artifacts ?? memoryArtifacts({ clock });
  const ports: EnginePorts = {
    clock,
    ids,
    store,
    workspace,
    artifacts,
    leaseKeeper: leaseKeeper({ leases: store.leases, clock }),
    bus: memoryBus({ clock }),
    ...(logger && { logger }),
    ...given,
  };
  for (const [path, text] of Object.entries(files)) await workspace.replace(path, new TextEncoder().encode(text));
  const engine = await createEngine(ports, settings);
  return {
    engine,
    api: engine.as(localOwner),
    as: (actor) => engine.as(actor),
    clock,
    store,
    workspace,
    artifacts,
    ports,
    async events() {
      const all: EventEnvelope[] = [];
      for await (const page of store.readAll()) all.push(...page);
      return all;
    },
    async read(path) {
      const bytes = await workspace.read(path);
      return bytes && new TextDecoder().decode(bytes);
    },
    close: () => engine.close(),
  };
}
