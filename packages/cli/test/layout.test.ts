import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { businessDocument } from '@conductor/core/business';
import {
  appendPattern,
  builtInAuthority,
  parseAuthorityMatrix,
  parseDecisionLog,
  parseErrors,
  parseEventFileName,
  parseFixLog,
  parseLocks,
  parseMetadata,
  parseOptions,
  parsePatterns,
  parseQueue,
  parseRecommendation,
  parseRetrospective,
  parseSuperpowerErrors,
  parseTracksIndex,
  parseWorkerId,
  parseWorkerStatus,
  readVerdicts,
} from '@conductor/core/files';
import { parsePlan, parseSpec } from '@conductor/core/plan';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from './command-line.js';
import type { CommandLine } from './command-line.js';
import { businessNames, laidOut, theirIndex } from './layout-project.js';
import type { LaidOut } from './layout-project.js';

let line: CommandLine;
let project: LaidOut;
beforeAll(async () => {
  line = await commandLine();
  project = await laidOut(line);
}, 60_000);
afterAll(() => line.remove());

const at = '2026-01-01T00:00:00.000Z';
const board = 'track/.message-bus/board';
const json = (text: string) => JSON.parse(text) as Readonly<Record<string, unknown>>;

/** A document of this tier, after a change of the price. */
function businessAt(name: string, tier: number): (text: string) => void {
  // oxlint-disable-next-line vitest/no-standalone-expect -- called by the test that reads the layout
  return (text) =>
    expect([businessDocument(`conductor/${name}`, 'conductor')?.tier, text]).toEqual([
      tier,
      '# Words\n\n- **Pro**: $39/month\n',
    ]);
}

/** Every file that the published layout names, as what our codec reads in it. Paths below the project's folder of documents. */
const layout: Readonly<Record<string, (text: string, project: LaidOut) => void>> = {
  'tracks.md': (text, { id }) =>
    expect(parseTracksIndex(text).rows).toMatchObject([{ trackId: id, name: 'New price', section: 'completed' }]),
  'index.md': (text, { id }) => {
    expect(text).toContain(`## Recent Completions\n\n- [New price](./tracks/${id}/) – `);
    expect(text).toContain('- Completed tracks: 1');
  },
  'workflow.md': (text) => expect(text.match(/^\d\. /gmu)).toHaveLength(5),
  'authority-matrix.md': (text) => expect(parseAuthorityMatrix(text)).toEqual({ rows: builtInAuthority, findings: [] }),
  'decision-log.md': (text, { id }) =>
    expect(parseDecisionLog(text)).toMatchObject([{ track: id, decision: 'The price of Pro is $39' }]),
  'knowledge/patterns.md': (text) => {
    expect(parsePatterns(text)).toEqual([]);
    expect(parsePatterns(appendPattern(text, { name: 'Say it', category: 'UI' }))).toMatchObject([{ name: 'Say it' }]);
  },
  'knowledge/errors.json': (text) => {
    expect(json(text)).toMatchObject({ version: 1, errors: [] });
    expect(parseErrors(text)).toEqual([]);
  },
  ...Object.fromEntries(businessNames.flatMap((names, at) => names.map((name) => [name, businessAt(name, at + 1)]))),
  'track/spec.md': (text) => {
    const spec = parseSpec(text);
    expect(spec).toMatchObject({ title: 'New price', findings: [] });
    expect(spec.acceptance.map((item) => item.text)).toEqual(['Pro costs $39']);
  },
  'track/plan.md': (text) => {
    const { plan, findings } = parsePlan(text);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(plan.dag?.block).toBeDefined();
    expect(
      plan.phases
        .filter(({ kind }) => kind !== 'loose')
        .map(({ kind, tasks }) => [kind, ...tasks.map(({ id, state }) => `${id} ${state}`)]),
    ).toEqual([
      ['phase', '1.1 done', '1.2 done'],
      ['phase', '2.1 done'],
      ['fix', 'Fix 1 done'],
    ]);
    expect(readVerdicts(text)).toEqual({ plan: 'PASS', execution: 'PASS' });
  },
  'track/metadata.json': (text, { id }) => {
    const { metadata, version, findings } = parseMetadata(text);
    expect({ version, findings }).toEqual({ version: 3, findings: [] });
    expect(metadata).toMatchObject({ trackId: id, status: 'complete', superpowerEnhanced: true });
    expect(metadata?.boardSessions).toHaveLength(2);
    expect(metadata?.loopState?.checkpoints).toMatchObject({
      BRAINSTORM: { status: 'PASSED' },
      PLAN: { status: 'PASSED', planVersion: 1 },
      EVALUATE_PLAN: { status: 'PASSED' },
      EXECUTE: { status: 'PASSED', lastTask: 'Fix 1' },
      EVALUATE_EXECUTION: { status: 'PASSED', businessSyncRequired: true },
      FIX: { status: 'PASSED', cycle: 1, fixesApplied: [{ fix: 'Flagged the price' }], fixesRemaining: [] },
      BUSINESS_SYNC: { status: 'PASSED', required: true },
    });
  },
  'track/index.md': (text) => expect(text).toBe(theirIndex),
  'track/evaluation-report.md': (text) => expect(readVerdicts(text)).toEqual({ execution: 'PASS' }),
  'track/fix-log.md': (text) => expect(parseFixLog(text)).toMatchObject([{ fix: 'Flagged the price' }]),
  'track/retrospective.md': (text) => expect(parseRetrospective(text)).toMatchObject({ fixCycles: 1 }),
  'track/brainstorm/options.md': (text) =>
    expect(parseOptions(text).map(({ name }) => name)).toEqual(['One price', 'Two prices']),
  'track/brainstorm/recommendation.md': (text) =>
    expect(parseRecommendation(text)).toEqual({ option: 'One price', reasons: ['It is simple'] }),
  'track/superpower-errors.log': (text) =>
    expect(parseSuperpowerErrors(text)).toMatchObject([{ superpower: 'superpowers:executing-plans', exitCode: 1 }]),
  'track/.message-bus/queue.jsonl': (text) => {
    const { messages, findings } = parseQueue(new TextEncoder().encode(text));
    expect(findings).toEqual([]);
    const types = messages.map(({ type }) => type);
    expect(types[0]).toBe('BUS_INIT');
    for (const type of ['WORKER_DISPATCHED', 'TASK_FAILED', 'TASK_COMPLETE', 'BOARD_VOTE', 'BOARD_RESOLVE'])
      expect(types).toContain(type);
  },
  'track/.message-bus/locks.json': (text) =>
    expect(parseLocks(text, at)).toMatchObject({ entries: new Map(), findings: [] }),
  'track/.message-bus/worker-status.json': (text) => {
    const { entries, findings } = parseWorkerStatus(text);
    expect(findings).toEqual([]);
    expect([...entries.values()].map(({ taskId, status }) => `${taskId} ${status}`)).toEqual([
      ...['1.1 FAILED', '1.1 COMPLETE', '1.2 COMPLETE', '2.1 COMPLETE', 'Fix 1 COMPLETE'],
    ]);
  },
  // Of the last session: a quick review, in which nobody discusses. The meeting before it is below.
  [`${board}/assessments.json`]: (text) => expect(Object.keys(json(text))).toHaveLength(5),
  [`${board}/discussion.jsonl`]: (text) => expect(text).toBe(''),
  [`${board}/votes.json`]: (text) => expect(json(text)).toBeTypeOf('object'),
  [`${board}/resolution.md`]: (text) => expect(text).toContain('APPROVED'),
};

/** Files that have more than one name, and those that we write beside the published ones. */
const patterns = {
  session: /^track\/\.message-bus\/board\/session-board-\d{8}-\d{6}\.json$/u,
  event: /^track\/\.message-bus\/events\/([^/]+\.event)$/u,
  ours: /^track\/(?:completion-report\.md|reports\/phase-\d+\.md|\.message-bus\/(?:\.gitignore|\w+\/\.keep|board\/resolution-board-\d{8}-\d{6}\.md))$/u,
};

describe('the published folder of a project, after init and a run that met everything', () => {
  const local = () => project.files.map((path) => path.replace(`tracks/${project.id}/`, 'track/'));

  it('has every file of the layout, each is read by its codec, and there is no other [FMT-01]', async () => {
    for (const [path, read] of Object.entries(layout)) read(await project.read(path), project);
    const rest = local().filter((path) => !(path in layout) && !patterns.ours.test(path));
    const sessions = rest.filter((path) => patterns.session.test(path));
    for (const path of sessions) expect(json(await project.read(path))).toMatchObject({ status: 'COMPLETE' });
    expect(sessions).toHaveLength(2);
    const events = rest.flatMap((path) => patterns.event.exec(path)?.[1] ?? []);
    expect(events.map((name) => parseEventFileName(name)?.word)).not.toContain(undefined);
    expect(events).toContain('TASK_COMPLETE_2.1.event');
    expect(events).toContain(`PLAN_COMPLETE_${project.id}.event`);
    expect(rest).toHaveLength(sessions.length + events.length);

    // While work goes on: the lock of the metadata comes and goes, workers hold files, and the board of the plan discusses.
    expect(project.seen).toContain('.metadata.lock');
    const { entries } = parseLocks(await project.locksAt('1.1'), at);
    const lock = entries.get('conductor/product.md');
    expect(parseWorkerId(lock?.workerId ?? '')?.taskId).toBe('1.1');
    const said = (project.meeting.get('discussion.jsonl') ?? '').trimEnd().split('\n').map(json);
    expect(said).toMatchObject([{ from: 'COO', to: 'ALL', type: 'CHALLENGE' }]);
    expect(Object.keys(json(project.meeting.get('assessments.json') ?? ''))).toHaveLength(5);
    expect(Object.keys(json(project.meeting.get('votes.json') ?? ''))).toHaveLength(5);
    expect(project.meeting.get('resolution.md')).toContain('APPROVED');
  });

  it('is taken over by a project that knows nothing of it, with nothing to complain of', async () => {
    await rm(join(line.dir, '.conductor'), { recursive: true });
    const { last } = await line.json('list', '--all');
    expect(last['tracks']).toMatchObject([{ id: project.id, name: 'New price', lifecycle: 'completed' }]);
    const checks = (await line.json('doctor')).last['checks'];
    expect(checks).toContainEqual(expect.objectContaining({ id: 'folders', status: 'ok' }));
  });
});
