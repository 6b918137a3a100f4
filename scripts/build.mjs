// Builds what is stale, all packages: node scripts/build.mjs js [types]
import { outputOf } from './run.mjs';

const start = performance.now();
const parts = process.argv.slice(2);
process.stdout.write(`building ${parts.join(' and ')} of all packages … `);
try {
  const tasks = parts.map((part) => `build:${part}`);
  const log = await outputOf('turbo', ['run', ...tasks, '--filter=./packages/*', '--output-logs=errors-only']);
  const cached = /Cached:\s+(\d+) cached, (\d+) total/.exec(log);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`done in ${seconds} s${cached ? ` (${cached[1]} of ${cached[2]} unchanged)` : ''}`);
} catch (error) {
  console.log('failed');
  console.error(error.message);
  process.exitCode = 1;
}
