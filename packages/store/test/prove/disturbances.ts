import postgres from 'postgres';
import type { PostgresServer } from '../postgres-server.js';

/** What was done to a server while clients used it. */
export interface Disturbed {
  /** Times that all its connections were ended. */
  readonly drops: number;
  /** Times that it was killed as by a power cut, and started again. */
  readonly restarts: number;
}

/** Every how many drops there is a restart. */
const restartEvery = 4;

/** Disturbs a server `times` times, evenly spread over the work, of which `progress` is told. */
export function disturbances(server: PostgresServer, times: number) {
  let asked = 0;
  let done = 0;
  const figures = { drops: 0, restarts: 0 };
  let running = Promise.resolve();
  const disturb = async () => {
    done += 1;
    if (done % restartEvery === 2) {
      await server.restart();
      figures.restarts += 1;
    } else {
      await dropConnections(server);
      figures.drops += 1;
    }
  };
  return {
    /** From 0 to 1. */
    progress(share: number): void {
      for (; asked < Math.min(times, Math.floor(share * (times + 1))); asked += 1) running = running.then(disturb);
    },
    async settled(): Promise<Disturbed> {
      await running;
      return figures;
    },
  };
}

async function dropConnections({ url }: PostgresServer): Promise<void> {
  const sql = postgres(url, { max: 1, fetch_types: false });
  await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`;
  await sql.end();
}
