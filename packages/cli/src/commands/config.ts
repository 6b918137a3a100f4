import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConductorError, defaultLimits } from '@conductor/core';
import type { ConductorConfig } from '@conductor/core/plugin';
import { configNames, findRoot, hideAddress, hideCredentials, loadConfig } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { cut, plain, widthOf } from '../plain-text.js';
import { table } from '../table.js';

/** A value with the place where it was said. */
interface Setting {
  readonly name: string;
  readonly value: unknown;
  /** `default`, a file, the name of a variable, or a flag. */
  readonly origin: string;
}

const defaults: Readonly<Partial<Record<keyof ConductorConfig, unknown>>> = {
  dir: 'conductor',
  store: 'sqlite',
  bus: 'file',
  git: 'auto',
  isolation: 'shared',
  views: true,
};

export const configShowCommand: CommandSpec = {
  name: 'config show',
  description: 'what is configured, and where each value comes from; secrets are masked',
  async run(context) {
    const { flags, cwd, environment } = context;
    const root = flags.directory === undefined ? findRoot(cwd, environment) : resolve(cwd, flags.directory);
    if (root === undefined)
      throw new ConductorError('PROJECT_NOT_FOUND', `There is no project in ${cwd}`, { details: { path: cwd } });
    const file = fileOf(context, root);
    const config = file === undefined ? {} : await loadConfig(root, { file, command: 'config show' });
    const settings = [
      ...settingsOf(config, file, { agent: flags.agent, environment }),
      ...limitsOf(config, file, environment),
    ];
    context.out.result(
      { root, ...(file !== undefined && { file }), settings },
      [
        `Project in ${root}`,
        settingsText(settings, root),
        'All limits with their defaults: conductor config show --json',
      ].join('\n'),
    );
    return 0;
  },
};

const columns = 80;

/** In 80 columns: a long command is cut, as `--json` has it whole. */
function settingsText(settings: readonly Setting[], root: string): string {
  const rows = settings
    .filter(({ name, origin }) => !name.startsWith('limits.') || origin !== 'default')
    .map(({ name, value, origin }) => ({
      name,
      value: plain(typeof value === 'string' ? value : JSON.stringify(value)),
      from: shortened(origin, root),
    }));
  const widest = (key: 'name' | 'from') => Math.max(...rows.map((row) => widthOf(row[key])));
  const room = Math.max(20, columns - widest('name') - widest('from') - 4);
  return table(
    ['Setting', 'Value', 'From'],
    rows.map(({ name, value, from }) => [name, cut(value, room), from]),
  );
}

/** The file that `open` would load; its own checks tell when there are several. */
function fileOf({ flags, cwd }: CommandContext, root: string): string | undefined {
  if (flags.config === 'none') return undefined;
  if (flags.config !== undefined) return resolve(cwd, flags.config);
  const found = configNames.filter((name) => existsSync(join(root, name)));
  if (found.length > 1)
    throw new ConductorError('CONFIG_INVALID', `${root} has ${found.join(' and ')}`, { hint: 'Keep one of them.' });
  return found[0] === undefined ? undefined : join(root, found[0]);
}

/** Settings that a variable may say as well; it wins over the file. */
const variables: Readonly<Partial<Record<keyof ConductorConfig, string>>> = {
  store: 'CONDUCTOR_STORE',
  bus: 'CONDUCTOR_BUS',
};

function settingsOf(
  config: ConductorConfig,
  file = 'default',
  { agent, environment }: { readonly agent: string | undefined; readonly environment: CommandContext['environment'] },
): readonly Setting[] {
  const names = [...new Set([...Object.keys(defaults), ...Object.keys(config)])].filter((name) => name !== 'limits');
  return names
    .toSorted()
    .flatMap((name): Setting[] => {
      if (name === 'agents' && agent !== undefined) return [];
      const key = name as keyof ConductorConfig; // a known key: loadConfig refuses others
      const variable = variables[key] ?? '';
      const heard = environment[variable];
      if (heard !== undefined) return [{ name, value: hideAddress(heard), origin: variable }];
      const said = config[key];
      return said === undefined
        ? [{ name, value: defaults[key], origin: 'default' }]
        : leaves(name, typeof said === 'string' && variable !== '' ? hideAddress(said) : said).map(([path, value]) => ({
            name: path,
            value,
            origin: file,
          }));
    })
    .concat(agent === undefined ? [] : [{ name: 'agents', value: agent, origin: '--agent' }]);
}

/** Agents and the server are told part by part; everything else as it stands there. */
function leaves(name: string, value: unknown): readonly (readonly [name: string, value: unknown])[] {
  const open =
    (name === 'agents' || name === 'server') && isRecord(value) && !('command' in value) && !('run' in value);
  if (!open) return [[name, shown(value)]];
  return Object.entries(value).map(([key, part]) => [`${name}.${key}`, shown(part)] as const);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const mask = '***';
const secret = /token|secret|password|passwd|api[_-]?key|credential|authorization/iu;

/** As plain data: functions and plugins by name; environments and what is named like a secret masked. */
function shown(value: unknown, name = ''): unknown {
  if (typeof value === 'function') return `function ${value.name === '' ? '(without a name)' : value.name}`;
  if (typeof value === 'string') return secret.test(name) ? mask : masked(value);
  if (Array.isArray(value))
    return value.map((item, index) => shown(item, secretFlag(value[index - 1]) ? 'secret' : ''));
  if (!isRecord(value)) return value;
  if (typeof value['id'] === 'string' && ('kind' in value || 'driver' in value)) return value['id'];
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'env' && isRecord(item)
        ? Object.fromEntries(Object.keys(item).map((variable) => [variable, mask]))
        : shown(item, key),
    ]),
  );
}

/** `--api-key`, whose value is the argument behind it. */
function secretFlag(before: unknown): boolean {
  return typeof before === 'string' && before.startsWith('-') && !before.includes('=') && secret.test(before);
}

/** `--api-key=…`, and a URL with a password in it. */
function masked(text: string): string {
  return hideCredentials(
    text.replace(/^(--?[\w-]{1,64})=[\s\S]*$/u, (whole, flag: string) =>
      secret.test(flag) ? `${flag}=${mask}` : whole,
    ),
  );
}

function limitsOf(
  { limits = {} }: ConductorConfig,
  file = 'default',
  environment: Readonly<Record<string, string | undefined>>,
): readonly Setting[] {
  const variables = new Map(
    Object.keys(environment)
      .filter((name) => name.startsWith('CONDUCTOR_LIMITS__'))
      .map((name) => [name.slice('CONDUCTOR_LIMITS__'.length).replaceAll('_', '').toUpperCase(), name] as const),
  );
  const said = new Map<string, unknown>(Object.entries(limits).filter(([, value]) => value !== undefined));
  return Object.entries(defaultLimits).map(([name, value]) => {
    const variable = variables.get(name.toUpperCase());
    if (variable !== undefined)
      return { name: `limits.${name}`, value: Number(environment[variable]), origin: variable };
    return said.has(name)
      ? { name: `limits.${name}`, value: said.get(name), origin: file }
      : { name: `limits.${name}`, value, origin: 'default' };
  });
}

function shortened(origin: string, root: string): string {
  return origin.startsWith(`${root}/`) ? origin.slice(root.length + 1) : origin;
}
