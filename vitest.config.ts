import { defineConfig } from 'vitest/config';
import { distTests, isolatedProject, isolatedTests } from './vitest.shared.js';

export default defineConfig({
  test: {
    projects: ['packages/*', isolatedProject('isolated', isolatedTests), isolatedProject('dist', distTests)],
    passWithNoTests: true,
    maxWorkers: 2,
    experimental: { fsModuleCache: true }, // the lanes of other Nodes run the same files again
    coverage: { provider: 'v8', include: ['packages/*/src/**'], exclude: ['**/*.test.ts', '**/*.suite.ts'] },
  },
});
