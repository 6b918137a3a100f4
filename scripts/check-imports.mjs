// What importing a built package loads, counted in modules and not in time (decision 0026): no second zod, nothing of another
// package where a process has to be quick, and no zod there that runs before it is needed.
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { outputOf } from './run.mjs';
import { packages } from './packages.mjs';

/**
 * Between the start of a process and its first step, or its answer: `@conductor/node` loads engine, stores and buses when one
 * is opened. `most`: modules of ours, with some room for new chunks.
 */
const quick = {
  '@conductor/core': { most: 16 },
  '@conductor/store/sqlite': { most: 30 },
  '@conductor/node': { most: 20 },
};

/** Prints which modules an import loaded, and whether zod ran: it keeps its configuration in the global object. */
const probe = `
import { register } from 'node:module';
import { MessageChannel } from 'node:worker_threads';
const hooks = \`
let port;
export function initialize(data) { port = data.port; }
export async function load(url, context, next) { port.postMessage(url); return next(url, context); }
\`;
const { port1, port2 } = new MessageChannel();
const urls = [];
port1.on('message', (url) => urls.push(url)).unref();
register('data:text/javascript,' + encodeURIComponent(hooks), { data: { port: port2 }, transferList: [port2] });
for (const target of process.argv.slice(1)) await import(target);
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify({ urls, zodRan: '__zod_globalConfig' in globalThis }));
`;

/** One line for everything that is loaded and must not be. */
export async function checkImports() {
  const targets = packages().flatMap(({ name, folder, subpaths }) =>
    subpaths.map(({ subpath, file }) => ({ path: join(name, subpath), file: resolve(folder, file) })),
  );
  // Suites need a test runner around them.
  const others = targets.filter(({ path }) => !/testing|conformance/.test(path)).map(({ file }) => file);
  const everything = await loaded(others);
  const second = everything.files.find((file) => file.includes('node_modules/zod/'));
  const wrong = second === undefined ? [] : [`${second} is loaded beside the zod of core`];
  for (const { path, file } of targets) if (path in quick) wrong.push(...slow(path, await loaded([file])));
  return wrong;
}

async function loaded(paths) {
  const targets = paths.map((path) => pathToFileURL(path).href);
  const printed = await outputOf('node', ['--input-type=module', '-e', probe, ...targets]);
  const { urls, zodRan } = JSON.parse(printed);
  const files = urls.filter((url) => url.startsWith('file:')).map((url) => relative('.', fileURLToPath(url)));
  return { files, zodRan };
}

function slow(path, { files, zodRan }) {
  const { most } = quick[path];
  const foreign = files.find((file) => file.includes('node_modules'));
  return [
    ...(foreign === undefined ? [] : [`${path} loads ${foreign}`]),
    ...(files.length > most ? [`${path} loads ${files.length} modules, more than ${most}`] : []),
    ...(zodRan ? [`${path} runs zod: a schema is built while it is imported`] : []),
  ];
}
