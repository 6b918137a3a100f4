import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandGroups } from '../src/commands/index.js';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
const commands = commandGroups.flatMap(([, specs]) => specs);
const schemas = new URL('../schemas/', import.meta.url);

describe('docs/cli.md', () => {
  it.each(commands.map((spec) => [spec.name, spec] as const))(
    'tells of %s by every name, with its flags',
    (_name, spec) => {
      const names = [spec.name, ...(spec.aliases ?? [])];
      expect(names.filter((name) => !new RegExp(`\`${name}[\` ]`, 'u').test(page))).toEqual([]);
      const flags = (spec.options ?? []).map(([flag]) => flag.split(' ')[0] ?? '');
      expect(flags.filter((flag) => !page.includes(flag))).toEqual([]);
    },
  );

  it('describes commands in words that fit on the line of the help', () => {
    for (const { name, description, arguments: args = [], options = [] } of commands) {
      expect([name, /^[a-z]/u.test(description), description.endsWith('.')]).toEqual([name, true, false]);
      for (const said of [...args.map((one) => one.description), ...options.map(([, text]) => text)])
        expect([name, said !== '']).toEqual([name, true]);
    }
  });
});

describe('schemas', () => {
  it('are published for every command that answers on its own', () => {
    const shared: Readonly<Record<string, string>> = { deny: 'approve', 'task-worker': 'task-run' };
    const missing = commands
      .filter(({ description }) => !description.startsWith('conductor step '))
      .map(({ name }) => shared[name] ?? name.replaceAll(' ', '-'))
      .filter((name) => !existsSync(new URL(`${name}.json`, schemas)));
    expect(missing).toEqual([]);
  });
});
