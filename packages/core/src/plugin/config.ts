import type { EventEnvelope } from '../ports/values.js';
import type { Limits } from '../track/limits.js';
import type { Agent } from './define-executor.js';
import type { Plugin } from './plugin.js';

/** Roles an agent can play. `scribe` writes specs from goals, business documents and retrospectives. */
export type Role = 'default' | 'planner' | 'critic' | 'cto' | 'fixer' | 'judge' | 'director' | 'lead' | 'scribe';

/** An agent for all roles, or one per role; `worker` also per task type. */
export type Agents = Agent | (Partial<Record<Role, Agent>> & { worker?: Agent | Readonly<Record<string, Agent>> });

export interface EngineOptions {
  agents?: Agents | undefined;
  plugins?: readonly Plugin[] | undefined;
  disable?: readonly string[] | undefined;
  board?: { directors?: readonly string[] | undefined; quorum?: number | undefined } | undefined;
  isolation?: 'shared' | undefined;
  /** `auto` commits inside a work tree, `required` refuses to run without one, `off` never commits. */
  git?: 'auto' | 'required' | 'off' | undefined;
  limits?: Partial<Limits> | undefined;
  /**
   * Program and arguments, no shell, run in the project's folder after every task that its worker calls done, usually the tests:
   * only with exit 0 is the task committed, else its attempt has failed. Of tasks that run side by side it sees all at once.
   */
  afterTask?: readonly string[] | undefined;
  /** Told after each commit; a throw is logged. */
  onEvent?: ((event: EventEnvelope) => void | Promise<void>) | undefined;
}

/** What `conductor.config.{ts,mjs,json}` holds. */
export interface ConductorConfig extends EngineOptions {
  dir?: string | undefined;
  /** One SQLite file (default), plain files, this process only, or a Postgres that several machines share. */
  store?: 'sqlite' | 'files' | 'memory' | `postgres://${string}` | undefined;
  /** `sqlite` in a thread of its own: a host that has much else to do is not held up by the disk. */
  storeThread?: boolean | undefined;
  /** The published folders of this machine (default), this process only, or besides the folders a NATS server that several machines share. */
  bus?: 'file' | 'memory' | `nats://${string}` | `tls://${string}` | undefined;
  views?: boolean | undefined;
  server?:
    { host?: string; port?: number; allowHosts?: readonly string[]; allowOrigins?: readonly string[] } | undefined;
}

export type ConfigFunction = (env: { command: string; ci: boolean }) => ConductorConfig;

/** Gives a configuration its types; returns it unchanged. */
export function defineConfig<C extends ConductorConfig | ConfigFunction>(config: C): C {
  return config;
}
