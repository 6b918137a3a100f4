import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Longer than the longest test is allowed to take: what is silent for that long can no longer be ended by its own timeout. */
const stallMs = Number(process.env.CONDUCTOR_STALL_MS ?? (process.env.CONDUCTOR_PROVE ? 4_000_000 : 660_000));

/**
 * Ends a run in which nothing happens any more, and says where it stands. Vitest's timeouts live in the worker: one whose
 * event loop is blocked would hold the run for ever.
 */
export default class StallReporter {
  #running = new Map();
  #timer;

  onTestRunStart() {
    this.#heard();
  }

  onTestModuleQueued(module) {
    this.#running.set(module.moduleId, { module, last: 'not begun' });
  }

  onTestCaseReady(test) {
    const entry = this.#running.get(test.module.moduleId);
    if (entry) entry.last = `in "${test.fullName}"`;
  }

  onTestCaseResult(test) {
    const entry = this.#running.get(test.module.moduleId);
    if (entry) entry.last = `after "${test.fullName}"`;
    this.#heard();
  }

  onTestModuleEnd(module) {
    this.#running.delete(module.moduleId);
    this.#heard();
  }

  onTestRunEnd() {
    clearTimeout(this.#timer);
  }

  #heard() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#stalled(), stallMs);
    this.#timer.unref();
  }

  #stalled() {
    console.error(`\nNothing has happened for ${stallMs / 1000} s. Not finished:`);
    for (const { module, last } of this.#running.values())
      console.error(`  ${module.project.name} ${module.relativeModuleId}: ${last}`);
    const below = processesBelow(process.pid);
    for (const { line } of below) console.error(`  ${line}`);
    for (const { id } of below) kill(id); // a worker in an endless loop hears of nothing else
    process.exit(1);
  }
}

/** What runs below a process, with what it waits for in the kernel; nothing where there is no /proc. */
function processesBelow(pid) {
  if (!existsSync('/proc/self/stat')) return [];
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ id: Number(name), stat: read(name, 'stat') }))
    .filter(({ stat }) => stat !== '')
    .map(({ id, stat }) => {
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return { id, state, parent: Number(parent) };
    });
  const below = (parent, depth) =>
    all
      .filter((one) => one.parent === parent)
      .flatMap(({ id, state }) => {
        const command = read(id, 'cmdline').replaceAll('\0', ' ').slice(0, 160);
        return [
          { id, line: `${'  '.repeat(depth)}${id} ${state} ${read(id, 'wchan')} ${command}` },
          ...below(id, depth + 1),
        ];
      });
  return below(pid, 0);
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return; // it has ended by itself
  }
}

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended, or belongs to somebody else
  }
}
