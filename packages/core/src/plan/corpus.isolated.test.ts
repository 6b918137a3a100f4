// Runs in a process of its own, because it reads the environment and a folder.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConductorError } from '../kernel/error.js';
import { editPlan } from './edit-plan.js';
import { parsePlan } from './parse-plan.js';
import { planModel } from './plan-model.js';
import { everyTask } from './plan.js';

/** A folder of plans of your own in CONDUCTOR_CORPUS, or else the plans of this repository. */
const folder = process.env['CONDUCTOR_CORPUS'] ?? fileURLToPath(new URL('../../../cli/templates', import.meta.url));

function planFiles(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /plan[^/\\]*\.md$/i.test(name))
    .map((name) => join(root, name));
}

describe('real plans', () => {
  it(
    'are read without throwing, and a task of each is marked by changing its own lines only',
    { timeout: 300_000 },
    () => {
      const refused: string[] = [];
      const files = planFiles(folder);
      expect(files).not.toHaveLength(0);
      for (const file of files) {
        const text = readFileSync(file, 'utf8');
        const { plan } = parsePlan(text);
        planModel(plan);
        expect(editPlan(text, []).text).toBe(text);
        for (const task of everyTask(plan)) {
          const state = task.state === 'done' ? 'pending' : 'done';
          try {
            const { changedLines } = editPlan(text, [{ do: 'mark', task: task.id, state }]);
            expect(changedLines.length, `${file} ${task.id}`).toBeLessThanOrEqual(2);
          } catch (error) {
            if (!ConductorError.is(error, 'EDIT_REFUSED')) throw error;
            refused.push(`${file}:${task.line} ${error.message}`);
          }
        }
      }
      expect(refused).toEqual([]);
    },
  );
});
