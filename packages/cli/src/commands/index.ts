import type { CommandSpec } from '../command.js';
import { adviseCommand, ctoAdvisorCommand } from './advise.js';
import { approvalsCommand, approveCommand, denyCommand } from './approvals.js';
import { configShowCommand } from './config.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { goCommand } from './go.js';
import { initCommand } from './init.js';
import { listCommand } from './list.js';
import { logCommand } from './log.js';
import { activateCommand, archiveCommand, readyCommand, retryCommand, switchCommand } from './move.js';
import { newCommand } from './new.js';
import { planCheckCommand, planShowCommand } from './plan.js';
import { planGraphCommand } from './plan-graph.js';
import { planMarkCommand } from './plan-mark.js';
import { cancelCommand, pauseCommand, resumeCommand } from './pause.js';
import { runCommand } from './run.js';
import { serveCommand } from './serve.js';
import { showCommand } from './show.js';
import { statusCommand } from './status.js';
import { stepAliases, stepCommand } from './step.js';
import { taskRunCommand, taskWorkerCommand } from './task.js';

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  initCommand,
  newCommand,
  goCommand,
  runCommand,
  stepCommand,
  ...stepAliases,
  taskRunCommand,
  taskWorkerCommand,
  statusCommand,
  listCommand,
  showCommand,
  logCommand,
  planShowCommand,
  planCheckCommand,
  planMarkCommand,
  planGraphCommand,
  approvalsCommand,
  approveCommand,
  denyCommand,
  pauseCommand,
  resumeCommand,
  cancelCommand,
  readyCommand,
  activateCommand,
  switchCommand,
  retryCommand,
  archiveCommand,
  adviseCommand,
  ctoAdvisorCommand,
  serveCommand,
  configShowCommand,
  doctorCommand,
  demoCommand,
];
