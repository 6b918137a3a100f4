import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { delimiter, join } from 'node:path';

/** Runs a tool of this workspace with our own output, and answers its exit code. */
export function exitCodeOf(file, args, options = {}) {
  return finished(spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], env: toolEnv(), ...options }), file);
}

/** Runs a command and answers what it printed; rejects when it fails. */
export async function outputOf(file, args, options = {}) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: toolEnv(), ...options });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text) => (printed[name] += text));
  }
  const code = await finished(child, file);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}\n${printed.stderr}${printed.stdout}`);
  return printed.stdout;
}

/**
 * Starts a tool; resolves when it ends with its exit code and, unless it was shown at once, with all that it printed, in order.
 * `low`: it takes the time that others leave.
 */
export function startStep(file, args, { shown = false, low = false } = {}) {
  const output = shown ? 'inherit' : 'pipe';
  const child = spawn(file, args, { stdio: ['ignore', output, output], env: toolEnv() });
  if (low && child.pid !== undefined) setPriority(child.pid, 10);
  let printed = '';
  for (const stream of shown ? [] : [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => (printed += text));
  }
  return finished(child, file).then((code) => ({ code, printed }));
}

function toolEnv() {
  return { ...process.env, PATH: [join(process.cwd(), 'node_modules', '.bin'), process.env.PATH].join(delimiter) };
}

function finished(child, file) {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`cannot run ${file}: ${error.message}`)));
    child.on('close', (code) => resolve(code ?? 1));
  });
}
