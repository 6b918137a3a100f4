// Stands for a coding agent: takes a moment, writes the files of its task, and says so.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const { task, attempt } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
console.log(`${task.title}, attempt ${attempt}`);
await sleep(3000);
for (const file of task.files) writeFileSync(file, `# ${task.title}\n`);
console.log(JSON.stringify({ status: 'done', summary: `Wrote ${task.files.join(', ')}` }));
