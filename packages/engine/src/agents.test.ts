import { describe, expect, it } from 'vitest';
import { resolveAgents } from './agents.js';

/** An empty project: who does what is decided without a look at its files. */
const workspace = {
  key: (path: string) => path,
  read: async () => undefined,
  replace: async () => ({ sha256: '' }),
};
const named = (name: string) => ({ [name]: async () => name })[name] ?? (async () => name);
const resolve = (option: Parameters<typeof resolveAgents>[0]) => resolveAgents(option, [], () => workspace);

describe('resolveAgents', () => {
  it('lets one agent do everything but second opinions, which are asked only of somebody named', () => {
    const agents = resolve(named('all'));
    expect(['planner', 'worker', 'fixer', 'scribe'].map((role) => agents.for(role)?.driver.name)).toEqual(
      Array(4).fill('all'),
    );
    expect(['critic', 'cto'].map((role) => agents.for(role))).toEqual([undefined, undefined]);
    expect(agents.names('planner')).toBe(false);
  });

  it('prefers the worker of a task type, then the worker, then the default', () => {
    const agents = resolve({ worker: { ui: named('painter'), default: named('any') }, default: named('rest') });
    expect(agents.for('worker', 'ui')?.driver.name).toBe('painter');
    expect(agents.for('worker', 'code')?.driver.name).toBe('any');
    expect(agents.for('fixer')?.driver.name).toBe('any');
    expect(agents.for('planner')?.driver.name).toBe('rest');
  });

  it('finds nobody where nobody was handed in, and no agent on the prototype', () => {
    expect(resolve(undefined).for('worker')).toBeUndefined();
    expect(resolve({ worker: named('w') }).for('constructor')).toBeUndefined();
  });

  it('refuses an id that no plugin has, and commands where none can be run', () => {
    expect(() => resolve('acme/unknown')).toThrow(expect.objectContaining({ code: 'PLUGIN_INVALID' }));
    expect(() => resolve({ command: ['claude'] } as never)).toThrow(
      expect.objectContaining({ code: 'CAPABILITY_MISSING' }),
    );
  });
});
