// A process that opens a project whose store is in a thread, and in-process ones beside it: node threaded.mjs <folder>. Says what it
// found as one line of JSON.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openProject } from '@conductor/node';

const [dir] = process.argv.slice(2);
const found = {};
const codeOf = (call) =>
  call.then(
    () => undefined,
    (error) => error.code ?? String(error),
  );
const worker = async ({ trackId }, { workspace }) => {
  await workspace.write('hello.txt', `Hello from ${trackId}\n`);
  return 'Wrote hello.txt';
};
const open = (options = {}) => openProject(dir, { create: true, agents: { worker }, ...options });
const plan = { goal: 'A greeting in hello.txt', tasks: [{ text: 'Write hello.txt', files: ['hello.txt'] }] };

// A whole track, heard by a handle in this thread.
const threaded = await open({ storeThread: true });
const beside = await open();
const { id } = await threaded.api.tracks.create(plan);
const run = await threaded.api.tracks.run(id);
found.heard = [];
for await (const event of beside.api.events.follow(run.feed)) found.heard.push(event.type);
found.lifecycle = (await threaded.api.tracks.get(id)).lifecycle;
found.doctor = (await threaded.api.system.doctor()).checks.find((check) => check.id === 'store');

// Both write at the same time, and see the same in the end.
const make = (project, n) => project.api.tracks.create({ ...plan, goal: `Greeting number ${n}` });
await Promise.all([1, 2, 3, 4, 5, 6].map((n) => make(n % 2 === 0 ? threaded : beside, n)));
const idsOf = async (project) => (await project.api.tracks.list()).items.map((track) => track.id).sort();
const lists = await Promise.all([idsOf(threaded), idsOf(beside)]);
found.lists = [lists[0].length, JSON.stringify(lists[0]) === JSON.stringify(lists[1])];

// A wait that is called off, and one that the close ends.
const stop = new AbortController();
const follow = async (signal) => {
  for await (const _ of threaded.api.events.follow({ after: 0 }, { signal }));
};
const called = codeOf(follow(stop.signal));
setImmediate(() => stop.abort(new Error('called off')));
found.calledOff = await called;
await threaded.close();
found.closed = await codeOf(threaded.api.tracks.get(id));
await beside.close();

// Again, with everything that was there; then over a file that is no database.
const again = await open({ storeThread: true });
found.again = (await again.api.tracks.get(id)).lifecycle;
await again.close();
writeFileSync(join(dir, '.conductor', 'conductor.db'), 'no database, '.repeat(500));
found.damaged = await codeOf(open({ storeThread: true }));
console.log(JSON.stringify(found));
