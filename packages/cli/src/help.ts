import type { Command } from 'commander';

const groups: Readonly<Record<string, string>> = {
  plan: 'look at a plan, check it, mark its tasks, draw it',
  task: 'work off one task of a track, and leave the others',
  config: 'what is configured, and where that was said',
};

/** The help of the whole command: under headings, without the flags that every command has. */
export function describeHelp(program: Command): void {
  program
    .configureHelp({ subcommandTerm })
    .addHelpText('after', '\nBegin with: conductor demo')
    .commandsGroup('Help:')
    .helpCommand('help [command]', 'more about one command');
}

/** A word with commands below it: `plan`. */
export function group(parent: Command, name: string): Command {
  return parent
    .command(name)
    .description(groups[name] ?? '')
    .helpCommand(false)
    .exitOverride();
}

export function isGroup(word: string): boolean {
  return Object.hasOwn(groups, word);
}

function subcommandTerm(command: Command): string {
  const names = [command.name(), ...command.aliases()].join('|');
  if (command.commands.length > 0) return `${names} ${command.commands.map((below) => below.name()).join('|')}`;
  return [names, ...command.registeredArguments.map(argumentTerm)].join(' ');
}

function argumentTerm(argument: Command['registeredArguments'][number]): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}
