import { describe, expect, it } from 'vitest';
import { progressMessage, queueBusMessage, queueTopic, trackOfQueueTopic } from './bus-topics.js';
import { QueueMessage } from './queue.js';
import { queuePayload } from './queue-payloads.js';

const progress = {
  projectId: 'p',
  workerId: 'worker-1.1-1',
  taskId: '1.1',
  percent: 140,
  at: '2026-02-01T12:00:00.000Z',
};

describe('the queue topic', () => {
  it('names its track and is recognised again', () => {
    expect(trackOfQueueTopic(queueTopic('login_20260201'))).toBe('login_20260201');
    for (const topic of ['track/x/progress', 'track/x/queue/y', 'track//queue', 'run/x/queue'])
      expect(trackOfQueueTopic(topic)).toBeUndefined();
  });
});

describe('progressMessage', () => {
  it('is a published line without an event behind it, within 0 and 100 percent', () => {
    const line = progressMessage({ ...progress, note: 'tests' });
    expect(QueueMessage.parse(line)).toEqual(line);
    expect(queuePayload(line, 'PROGRESS')).toEqual({ task_id: '1.1', progress_pct: 100, current_subtask: 'tests' });
    expect(line.ref).toBeUndefined();
    expect(progressMessage(progress).payload['current_subtask']).toBeNull();
    expect(queueBusMessage('x', line)).toEqual({ id: line.id, topic: 'track/x/queue', body: line, at: progress.at });
  });
});
