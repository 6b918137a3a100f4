import { defineProject } from 'vitest/config';

/** Our sources instead of dist: no build before a test run. The rest are Vite's own defaults for a server. */
const conditions = ['@conductor/source', 'module', 'node', 'development|production'];
const sourceConditions = { resolve: { conditions }, ssr: { resolve: { conditions } } };

/** Tests that need a process of their own, or the built packages. */
export const isolatedTests = '**/*.isolated.test.ts';
export const distTests = '**/*.dist.test.ts';

const timeouts = { testTimeout: 30_000, hookTimeout: 30_000 };

/** On other Node versions: what is asked of a server, of git or of another tool is the same from each, and so is plain text. */
const same = ['src/{postgres,nats,git,transfer,memory,evaluators}/**', 'src/superpower.test.ts'];
const elsewhere = process.env['CONDUCTOR_LANE'] === undefined ? [] : same;

/** The unit tests of one package: many files share a worker, so no module-level state, no env and cwd changes. */
export function unitProject(name: string) {
  return defineProject({
    ...sourceConditions,
    test: {
      name,
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      exclude: [isolatedTests, distTests, ...elsewhere],
      isolate: false,
      ...timeouts,
    },
  });
}

/** Tests of any package that each get a fresh worker. */
export function isolatedProject(name: string, include: string) {
  return defineProject({
    ...sourceConditions,
    test: {
      name,
      include: [`packages/${include}`, `examples/${include}`],
      exclude: ['**/node_modules/**'],
      testTimeout: 120_000,
      hookTimeout: 60_000,
    },
  });
}
