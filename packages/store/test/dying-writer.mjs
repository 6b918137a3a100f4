// A process that replaces a file and is killed at one of its calls of the file system: node dying-writer.mjs <folder> <text> <n>
// Says each call before it makes it; before the n-th it is gone, as after a power cut or a SIGKILL. The bytes take two writes.
import { writeSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [root, text, last] = process.argv.slice(2);
let calls = 0;
const step = (name) => {
  writeSync(1, `${name}\n`);
  calls += 1;
  if (calls === Number(last)) process.kill(process.pid, 'SIGKILL');
};

for (const name of ['mkdir', 'open', 'chmod', 'rename', 'link', 'rm']) {
  const real = promises[name];
  promises[name] = async (...args) => {
    step(name);
    const result = await real(...args);
    if (name === 'open') halve(result);
    return result;
  };
}
syncBuiltinESMExports();

/** Writes in two halves, between which it can die too. */
function halve(handle) {
  const write = handle.write.bind(handle);
  handle.writeFile = async (bytes) => {
    const middle = bytes.length >> 1;
    for (const [name, half] of Object.entries({ begin: bytes.subarray(0, middle), end: bytes.subarray(middle) })) {
      step(name);
      await write(half);
    }
  };
}

const { systemClock } = await import('@conductor/core');
const { fileWorkspace } = await import('@conductor/store/file');
const workspace = fileWorkspace({ root, clock: systemClock() });
calls = 0;
await workspace.replace('state.json', new TextEncoder().encode(text), { durable: true });
writeSync(1, 'done\n');
