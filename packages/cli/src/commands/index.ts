import type { CommandSpec } from '../command.js';
import { adviseCommand, ctoAdvisorCommand } from './advise.js';
import { approvalsCommand, approveCommand, denyCommand } from './approvals.js';
import { backupCommand, tidyCommand } from './backup.js';
import { configShowCommand } from './config.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { exportCommand } from './export.js';
import { goCommand } from './go.js';
import { importCommand } from './import.js';
import { initCommand } from './init.js';
import { listCommand } from './list.js';
import { logCommand } from './log.js';
import { activateCommand, archiveCommand, readyCommand, retryCommand, switchCommand } from './move.js';
import { newCommand } from './new.js';
import { phaseReviewCommand } from './phase-review.js';
import { planCheckCommand, planShowCommand } from './plan.js';
import { planGraphCommand } from './plan-graph.js';
import { planMarkCommand } from './plan-mark.js';
import { cancelCommand, pauseCommand, resumeCommand } from './pause.js';
import { runCommand } from './run.js';
import { serveCommand } from './serve.js';
import { showCommand } from './show.js';
import { statusCommand } from './status.js';
import { syncDocsCommand } from './sync-docs.js';
import { stepAliases, stepCommand } from './step.js';
import { taskRunCommand, taskWorkerCommand } from './task.js';
import { workerCommand } from './worker.js';

/** Every command below its heading, in the order of the help. */
export const commandGroups: readonly (readonly [heading: string, commands: readonly CommandSpec[]])[] = [
  ['Begin', [initCommand, newCommand, goCommand, demoCommand]],
  ['Run', [runCommand, stepCommand, ...stepAliases, taskRunCommand, taskWorkerCommand, pauseCommand, resumeCommand]],
  ['Look', [statusCommand, listCommand, showCommand, logCommand]],
  ['Plans', [planShowCommand, planCheckCommand, planMarkCommand, planGraphCommand]],
  ['Documents', [phaseReviewCommand, syncDocsCommand]],
  ['Questions', [approvalsCommand, approveCommand, denyCommand]],
  ['Tracks', [readyCommand, activateCommand, switchCommand, retryCommand, cancelCommand, archiveCommand]],
  ['Advice', [adviseCommand, ctoAdvisorCommand]],
  [
    'This machine',
    [
      serveCommand,
      workerCommand,
      doctorCommand,
      configShowCommand,
      exportCommand,
      importCommand,
      backupCommand,
      tidyCommand,
    ],
  ],
];
