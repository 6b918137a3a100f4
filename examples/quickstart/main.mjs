// A track from its spec to COMPLETE, through the library.
//
//   node main.mjs            makes a fresh project in a temporary folder and runs its track
//   node main.mjs <folder>   goes on with the project in that folder: kill a run, start it again, and nothing is done twice
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openProject } from '@conductor/node';

const template = fileURLToPath(new URL('../../packages/cli/templates/quickstart', import.meta.url));
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'conductor-quickstart-'));
if (!existsSync(join(folder, 'package.json'))) makeProject();

// Reads conductor.config.json, which names the commands that plan and work. `create` makes the folders of the engine.
const project = await openProject(folder, { create: true });
const { tracks, events } = project.api;

const [known] = (await tracks.list()).items;
const spec = () => readFileSync(join(folder, 'track/spec.md'), 'utf8');
const track = known ?? (await tracks.create({ name: 'Transliteration', type: 'feature', spec: spec() }));

// A run that is still there although nobody runs it was killed: `tracks.run` goes on with it.
if (track.lifecycle !== 'completed' || track.run) {
  const { feed } = await tracks.run(track.id);
  for await (const event of events.follow(feed)) console.log(lineOf(event));
}

const { lifecycle, progress } = await tracks.get(track.id);
console.log(`\n${track.name}: ${lifecycle}, ${progress.done} of ${progress.total} tasks done`);
console.log(`Report: ${join(folder, project.folder, 'tracks', track.id, 'completion-report.md')}`);
await project.close();
process.exitCode = lifecycle === 'completed' ? 0 : 1;

/** The small slug library of `conductor demo`, in a git repository of its own. */
function makeProject() {
  cpSync(template, folder, { recursive: true });
  renameSync(join(folder, 'gitignore'), join(folder, '.gitignore')); // under its real name npm would not pack it
  const git = (...args) => execFileSync('git', args, { cwd: folder });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=Quickstart', '-c', 'user.email=quickstart@localhost', 'commit', '--quiet', '--message=Start');
}

/** One event on one line: its place in the log, what happened, and to what. */
function lineOf({ seq, type, data }) {
  const about = [data.taskId, data.step, data.evaluator, data.director, data.verdict, data.reason].filter(Boolean);
  return `${String(seq).padStart(4)}  ${type.padEnd(20)} ${about.join(' ')}`.trimEnd();
}
