import { ConductorError } from '@conductor/core';
import type { Executor } from '@conductor/core/ports';

/** Who names this agent has tasks done by workers on other machines. */
export const remoteAgent = 'remote';

/**
 * Stands for whatever worker claims a task. Tasks never reach its `run`: they are offered in the commit that starts them.
 * What is no task (a plan, an opinion) needs the files of the engine's own clone, and is refused.
 */
export const remoteExecutor: Executor = Object.freeze<Executor>({
  driver: Object.freeze({
    port: 'executor',
    name: remoteAgent,
    version: '1',
    api: 1,
    capabilities: { resume: false, structured: true, usage: true, cancel: true, edits: true, process: false },
  }),
  async run({ role }) {
    throw new ConductorError('UNSUPPORTED', `Workers on other machines do tasks only, not the work of a ${role}`, {
      hint: `Name an agent of this machine for the role ${role}.`,
      details: { role },
    });
  },
});
