import type { CommandSpec } from '../command.js';
import { approvalsCommand, approveCommand, denyCommand } from './approvals.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { goCommand } from './go.js';
import { initCommand } from './init.js';
import { listCommand } from './list.js';
import { logCommand } from './log.js';
import { newCommand } from './new.js';
import { planCheckCommand, planMarkCommand, planShowCommand } from './plan.js';
import { cancelCommand, pauseCommand, resumeCommand } from './pause.js';
import { runCommand } from './run.js';
import { serveCommand } from './serve.js';
import { statusCommand } from './status.js';

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  initCommand,
  newCommand,
  goCommand,
  runCommand,
  statusCommand,
  listCommand,
  logCommand,
  planShowCommand,
  planCheckCommand,
  planMarkCommand,
  approvalsCommand,
  approveCommand,
  denyCommand,
  pauseCommand,
  resumeCommand,
  cancelCommand,
  serveCommand,
  doctorCommand,
  demoCommand,
];
