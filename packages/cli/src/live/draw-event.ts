import { steps } from '@conductor/core';
import type { Lifecycle, Step, StepStatus } from '@conductor/core';
import type { EventEnvelope } from '@conductor/core/ports';
import { eventData } from '../event-data.js';
import type { EventData } from '../event-data.js';
import { drawBoard } from './draw-board.js';
import type { GateMark, LanePicture, RunPicture, TaskMark, TaskPicture } from './run-picture.js';

type Draw = (picture: RunPicture, data: EventData, event: EventEnvelope) => void;

/** Folds one event of the track, its boards and approvals into the picture. Total: what it does not know changes nothing. */
export function drawEvent(picture: RunPicture, event: EventEnvelope): void {
  picture.at = event.at;
  const data = eventData(event.data);
  if (event.type.startsWith('board.') && event.stream.startsWith('board/')) drawBoard(picture, data, event);
  const draw = Object.hasOwn(drawings, event.type) ? drawings[event.type] : undefined;
  draw?.(picture, data, event);
}

const drawings: Readonly<Record<string, Draw>> = {
  'track.created': (picture, data) => void (picture.name = data.text('name')),
  'track.imported': (picture, data) => {
    picture.name = data.text('name');
    setPlan(picture, data.record('plan'));
  },
  'track.configured': (picture, data) => void (picture.name = data.text('name') || picture.name),
  'track.readied': lifecycle('ready'),
  'track.activated': lifecycle('active'),
  'track.paused': lifecycle('paused'),
  'track.resumed': lifecycle('active'),
  'track.failed': lifecycle('failed'),
  'track.retried': lifecycle('draft'),
  'track.cancelled': lifecycle('cancelled'),
  'track.completed': lifecycle('completed'),

  'loop.started': startRun,
  'loop.resumed': startRun,
  'loop.stopped': stopRun,

  'step.started': startStep,
  'step.passed': closeStep('PASSED'),
  'step.failed': closeStep('FAILED'),
  'step.skipped': (picture, data) => void picture.steps.set(data.text('step'), 'SKIPPED'),
  'step.blocked': (picture, data) => setStep(picture, data.text('step'), 'BLOCKED'),
  'step.reopened': (picture, data) => setStep(picture, data.text('step'), 'IN_PROGRESS'),

  'plan.submitted': setPlan,
  'plan.edited': setPlan,

  'effect.started': startEffect,
  'effect.failed': (picture, data) => endEffect(picture, data.text('effect')),
  'effect.interrupted': (picture, data) => endEffect(picture, data.text('effect')),
  'evaluation.reported': (picture, data) => {
    leaveLane(picture, data.text('effect'));
    picture.gates.set(data.text('evaluator'), gateMark(data.text('verdict')));
  },
  'board.concluded': (picture, data) => {
    picture.gates.set('board', data.text('verdict').startsWith('APPROVED') ? 'PASS' : 'FAIL');
    if (picture.board) {
      picture.board.verdict = data.text('verdict');
      picture.board.summary = data.text('summary');
    }
  },
  'condition.added': (picture, data) =>
    void picture.conditions.set(data.text('conditionId'), { text: data.text('text') }),
  'condition.verified': (picture, data) => {
    const known = picture.conditions.get(data.text('conditionId'));
    if (known) known.met = data.flag('met');
  },

  'task.started': startTask,
  'task.completed': endTask('done'),
  'task.failed': (picture, data, event) => endTask(data.flag('final') ? 'failed' : 'pending')(picture, data, event),
  'task.interrupted': endTask('pending'),
  'task.blocked': endTask('blocked'),
  'task.marked': (picture, data) => {
    const task = picture.tasks.get(data.text('taskId'));
    const mark = marks.find((name) => name === data.text('state'));
    if (task && mark) task.mark = mark;
  },
  'lease.waited': (picture, data) => {
    const taskId = data.text('taskId');
    const task = picture.tasks.get(taskId);
    if (task) task.mark = 'waiting';
    const holders = data.texts('holders').map((holder) => picture.taskOfRun.get(holder) ?? holder);
    picture.waits.set(taskId, { taskId, files: data.texts('keys').map(fileOf), holders });
  },

  'decision.requested': (picture, data) => {
    const options = data.records('options').map((option) => ({ id: option.text('id'), label: option.text('label') }));
    picture.questions.set(data.text('approvalId'), {
      id: data.text('approvalId'),
      summary: data.text('summary'),
      options,
    });
  },
  'decision.given': (picture, data) => void picture.questions.delete(data.text('approvalId')),
};

const marks: readonly TaskMark[] = ['pending', 'done', 'blocked', 'skipped'];

function lifecycle(name: Lifecycle): Draw {
  return (picture) => void (picture.lifecycle = name);
}

function startRun(picture: RunPicture, _data: EventData, { at }: EventEnvelope): void {
  picture.runStartedAt = at;
  picture.stop = undefined;
  picture.stopError = undefined;
  // A run that ended without a word left its lanes full.
  picture.lanes.length = 0;
}

function stopRun(picture: RunPicture, data: EventData): void {
  picture.stop = data.text('reason');
  picture.lanes.fill(undefined);
  picture.waits.clear();
  const error = data.record('error');
  if (error.text('code') === '') return;
  const hint = error.text('hint');
  picture.stopError = { code: error.text('code'), message: error.text('message'), ...(hint !== '' && { hint }) };
}

function setStep(picture: RunPicture, name: string, status: StepStatus): void {
  const step: Step = steps.find((known) => known === name) ?? picture.step;
  picture.step = step;
  picture.stepStatus = status;
  picture.steps.set(step, status);
}

function startStep(picture: RunPicture, data: EventData): void {
  const step = data.text('step');
  // Back to an earlier step: what came after it is open again.
  const at = steps.findIndex((known) => known === step);
  if (step !== 'FIX') for (const later of steps.slice(at + 1)) picture.steps.delete(later);
  setStep(picture, step, 'IN_PROGRESS');
  picture.visits.set(step, data.number('visit'));
  if (step === 'FIX') picture.fixCycles = data.number('visit');
  // What was last judged stays in sight until the next evaluation.
  if (!step.startsWith('EVALUATE_')) return;
  picture.gates.clear();
  picture.board = undefined;
}

function closeStep(status: 'PASSED' | 'FAILED'): Draw {
  return (picture, data) => setStep(picture, data.text('step'), status);
}

function setPlan(picture: RunPicture, data: EventData): void {
  leaveLane(picture, data.text('effect'));
  const known = new Map(picture.tasks);
  picture.tasks.clear();
  for (const task of data.record('model').records('tasks')) {
    const id = task.text('id');
    const title = task.text('title');
    const before = known.get(id);
    if (before) picture.tasks.set(id, Object.assign(before, { title }));
    else picture.tasks.set(id, { id, title, mark: markOf(task), attempt: 0, files: [] });
  }
}

function markOf(task: EventData): TaskMark {
  return marks.find((mark) => mark === task.text('state')) ?? 'pending';
}

/** Roles that an agent plays: they get a lane. The rest of the effects are gates. */
const agents = new Set(['planner', 'scribe', 'critic', 'cto']);

function startEffect(picture: RunPicture, data: EventData, { at }: EventEnvelope): void {
  const role = data.text('role');
  if (agents.has(role))
    enterLane(picture, { key: data.text('effect'), label: role, text: data.text('executor'), startedAt: at });
  if (role !== 'planner' && role !== 'scribe') picture.gates.set(role, 'running');
}

function endEffect(picture: RunPicture, effect: string): void {
  leaveLane(picture, effect);
}

function startTask(picture: RunPicture, data: EventData, { at }: EventEnvelope): void {
  const id = data.text('taskId');
  const task: TaskPicture = picture.tasks.get(id) ?? { id, title: '', mark: 'pending', attempt: 0, files: [] };
  task.mark = 'running';
  task.attempt = data.number('attempt');
  task.files = data.records('files').map((file) => file.text('path'));
  picture.tasks.set(id, task);
  picture.taskOfRun.set(data.text('runId'), id);
  picture.waits.delete(id);
  enterLane(picture, { key: `task ${id}`, label: id, text: task.title, startedAt: at });
}

function endTask(mark: TaskMark): Draw {
  return (picture, data) => {
    const id = data.text('taskId');
    const task = picture.tasks.get(id);
    if (task) Object.assign(task, { mark, files: [] });
    picture.taskOfRun.delete(data.text('runId'));
    picture.waits.delete(id);
    leaveLane(picture, `task ${id}`);
  };
}

function enterLane(picture: RunPicture, lane: LanePicture): void {
  leaveLane(picture, lane.key);
  const free = picture.lanes.findIndex((other) => other === undefined);
  if (free === -1) picture.lanes.push(lane);
  else picture.lanes[free] = lane;
}

function leaveLane({ lanes }: RunPicture, key: string): void {
  const at = lanes.findIndex((lane) => lane?.key === key);
  if (at !== -1) lanes[at] = undefined;
}

function gateMark(verdict: string): GateMark {
  return verdict === 'PASS' || verdict === 'NA' ? verdict : 'FAIL';
}

function fileOf(key: string): string {
  return key.startsWith('file:') ? key.slice('file:'.length) : key;
}
