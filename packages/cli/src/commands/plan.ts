import type { Finding } from '@conductor/core';
import type { PlanJson, PlanTaskJson } from '@conductor/core/plan';
import type { CommandSpec } from '../command.js';
import { plain } from '../plain-text.js';
import { planSource } from '../plan-source.js';

const markers: Readonly<Record<PlanTaskJson['state'], string>> = {
  pending: ' ',
  inProgress: '~',
  done: 'x',
  blocked: '!',
  skipped: '-',
  unknown: '?',
};

function findingLines(findings: readonly Finding[]): string[] {
  return findings.map(
    ({ severity, code, line, message, hint }) =>
      `${severity} ${code ?? ''}${line === undefined ? '' : ` line ${line}`}: ${plain(message)}${hint === undefined ? '' : `\n  hint: ${plain(hint)}`}`,
  );
}

export const planShowCommand: CommandSpec = {
  name: 'plan show',
  description: 'a plan as it is understood',
  arguments: [{ usage: '<file|track>', description: 'plan.md, or a track' }],
  async run(context, [wanted = '']) {
    const { parsePlan, planJson } = await import('@conductor/core/plan');
    const { plan, findings } = parsePlan(await planSource(context, wanted));
    const json = planJson(plan);
    context.out.result({ ...json, findings }, [...planLines(json), ...findingLines(findings)].join('\n'));
    return 0;
  },
};

function planLines({ title, phases }: PlanJson): string[] {
  const lines = (tasks: readonly PlanTaskJson[], indent: string): string[] =>
    tasks.flatMap((task) => [
      `${indent}[${markers[task.state]}] ${task.id}  ${plain(task.text)}${task.commit === undefined ? '' : `  (${task.commit})`}`,
      ...lines(task.children, `${indent}  `),
    ]);
  const heading = ({ title: name, number }: PlanJson['phases'][number]) =>
    plain(number === undefined ? name : `Phase ${number}: ${name}`);
  return [
    ...(title === '' ? [] : [plain(title)]),
    ...phases.flatMap((phase) => [
      ...(title === '' && phase === phases[0] ? [] : ['']),
      heading(phase),
      ...lines(phase.tasks, '  '),
    ]),
  ].filter((text, index, all) => text !== '' || (index > 0 && all[index - 1] !== ''));
}

export const planCheckCommand: CommandSpec = {
  name: 'plan check',
  description: 'what is wrong with a plan; exits 1 when something is',
  arguments: [{ usage: '<file|track>', description: 'plan.md, or a track' }],
  options: [['--strict', 'warnings count as well']],
  async run(context, [wanted = ''], options) {
    const { checkPlan, parsePlan, planModel } = await import('@conductor/core/plan');
    const parsed = parsePlan(await planSource(context, wanted));
    const checked = checkPlan({ plan: parsed.plan, model: planModel(parsed.plan) });
    const findings = [...parsed.findings, ...checked.findings].toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    const counting: readonly string[] = options['strict'] === true ? ['error', 'warning'] : ['error'];
    const ok = !findings.some(({ severity }) => counting.includes(severity));
    context.out.result(
      { ok, findings },
      [...findingLines(findings), ok ? 'The plan is sound.' : 'The plan does not pass.'].join('\n'),
    );
    return ok ? 0 : 1;
  },
};
