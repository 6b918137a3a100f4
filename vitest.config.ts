import { defineConfig } from 'vitest/config';
import { distTests, isolatedProject, isolatedTests } from './vitest.shared.js';

export default defineConfig({
  test: {
    projects: ['packages/*', isolatedProject('isolated', isolatedTests), isolatedProject('dist', distTests)],
    passWithNoTests: true,
    maxWorkers: 2,
    coverage: { provider: 'v8', include: ['packages/*/src/**'], exclude: ['**/*.test.ts', '**/*.suite.ts'] },
  },
});
