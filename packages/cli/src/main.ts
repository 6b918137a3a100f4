import { createReadStream, readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ConductorError, raceAbort, systemClock } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { openProject, version } from '@conductor/node';
import type { CommandContext, CommandSpec, GlobalFlags, Terminal } from './command.js';
import { commandGroups } from './commands/index.js';
import { hintElsewhere } from './documents-elsewhere.js';
import { exitOfError } from './exits.js';
import { describeHelp, group, isGroup } from './help.js';
import { stderrLogger } from './logger.js';
import { createOutput, usage } from './output.js';
import type { Output } from './output.js';
import { unwritable, watchSignals } from './signals.js';
import type { SignalOptions } from './signals.js';
import { terminalOf } from './terminal.js';
import { isReaderGone, watchOutput } from './watch-output.js';
import type { WatchedOutput } from './watch-output.js';
import { configOf, folderOf } from './where.js';

export interface MainOptions {
  readonly argv: readonly string[];
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Where signals come from; `process`, except in tests. */
  readonly host?: SignalOptions['host'] | undefined;
  readonly clock?: Clock | undefined;
}

interface Parsed {
  readonly spec: CommandSpec;
  readonly args: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly flags: GlobalFlags;
}

/** Runs one command line; resolves with the exit code and never rejects. */
export async function main({
  argv,
  stdout,
  stderr,
  environment,
  cwd,
  host = process,
  clock = systemClock(),
}: MainOptions): Promise<number> {
  const json = argv.includes('--json');
  const out = createOutput({ json, quiet: argv.includes('--quiet'), stdout, stderr });
  const answer = watchOutput(stdout);
  let parsed: Parsed | undefined;
  try {
    parsed = parse(argv, stdout);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return endOfHelp(answer, out);
    const wrong = error instanceof CommanderError ? usageError(error, argv) : error;
    out.error(wrong, false);
    return 2;
  }
  if (!parsed) return 0;
  const { spec, args, options, flags } = parsed;
  const streaming = holds(spec.streaming, options);
  const runner = holds(spec.runner, options);
  const signals = watchSignals({ host, stdout, stderr, runner, clock });
  const terminal = terminalOf(stdout, environment, flags);
  try {
    const context = contextOf({ flags, out, cwd, environment, clock, signal: signals.signal, terminal });
    const exitCode = await spec.run(context, args, options);
    await raceAbort(answer.handedOn(), signals.signal).catch(() => {}); // what the signal tells is looked at here
    if (signals.isUnwritable) throw signals.signal.reason;
    return signals.signal.aborted && !runner ? signals.exitCode : exitCode;
  } catch (error) {
    const interrupted = signals.signal.aborted && !runner;
    // With --json an error is part of the answer, which nobody gets here.
    if (signals.isUnwritable) out.aside('error', interrupted ? signals.signal.reason : error);
    else if (!interrupted) out.error(error, streaming);
    if (interrupted) return signals.exitCode;
    return ConductorError.is(error) ? exitOfError(error.code) : 10;
  } finally {
    signals.dispose();
  }
}

/** Help and version were printed, as far as they could be. */
async function endOfHelp(answer: WatchedOutput, out: Pick<Output, 'aside'>): Promise<number> {
  const failure = await answer.handedOn();
  if (failure === undefined || isReaderGone(failure)) return 0;
  const error = unwritable(failure);
  out.aside('error', error);
  return exitOfError(error.code);
}

function holds(what: boolean | string | undefined, options: Parsed['options']): boolean {
  return what === true || (typeof what === 'string' && options[what] === true);
}

/** What commander says, in our words; a group without its command (`conductor`, `conductor plan`) says nothing usable. */
function usageError({ code, message }: CommanderError, argv: readonly string[]): ConductorError {
  const words = argv.filter((word) => !word.startsWith('-'));
  const [first, ...others] = words;
  if (code === 'commander.help') {
    if (first === 'help') return usage(`There is no command ${others.join(' ')}`, 'conductor help');
    const group = first !== undefined && isGroup(first) ? ` ${first}` : '';
    return usage(`A command is missing after conductor${group}`, `conductor help${group}`);
  }
  const said = message.replace(/^error: /u, '').replaceAll(/\s*\n\s*/gu, ' ');
  const spec = commandIn(words);
  if (!spec) return usage(said, 'conductor help');
  const typed = [spec.name, ...(spec.arguments ?? []).map((argument) => argument.usage)].join(' ');
  return usage(said, code === 'commander.missingArgument' ? `conductor ${typed}` : `conductor ${spec.name} --help`);
}

/** The command that a line names, whatever else is wrong with it. */
function commandIn(words: readonly string[]): CommandSpec | undefined {
  const line = ` ${words.join(' ')} `;
  return commandGroups
    .flatMap(([, specs]) => specs)
    .find(({ name, aliases = [] }) => [name, ...aliases].some((known) => line.startsWith(` ${known} `)));
}

type ContextParts = Pick<CommandContext, 'flags' | 'out' | 'cwd' | 'environment' | 'clock' | 'signal'> & {
  readonly terminal: Terminal | undefined;
};

function contextOf(parts: ContextParts): CommandContext {
  const { flags } = parts;
  const onWarning = warningsOnce(parts.out);
  return {
    ...parts,
    onWarning,
    async open({ create = false, looking, at, limits } = {}) {
      const root = folderOf(parts, at);
      return openProject(root, {
        create,
        looking,
        limits,
        config: configOf(parts),
        agents: flags.agent,
        logger: flags.verbose ? stderrLogger(parts.out) : undefined,
        onWarning,
        signal: parts.signal,
      }).catch((error: unknown) => {
        throw hintElsewhere(error, root);
      });
    },
    stdin: async () => readFileSync(0, 'utf8'),
    input: () => createReadStream('', { fd: 0, autoClose: false }),
  };
}

/** A command may open the same project twice. */
function warningsOnce(out: Pick<Output, 'aside'>): CommandContext['onWarning'] {
  const told = new Set<string>();
  return (warning) => {
    if (told.has(warning.message)) return;
    told.add(warning.message);
    out.aside('warning', warning);
  };
}

function parse(argv: readonly string[], stdout: NodeJS.WriteStream): Parsed | undefined {
  let parsed: Parsed | undefined;
  const program = new Command('conductor')
    .description('Runs tracks: from a spec through plan, gates and workers to COMPLETE.')
    .version(version, '--version')
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: () => {} })
    .exitOverride();
  globalOptions(program);
  describeHelp(program);
  for (const [heading, spec] of commandGroups.flatMap(([title, specs]) =>
    specs.map((each) => [title, each] as const),
  )) {
    const command = subcommand(program, spec, `${heading}:`);
    command.action((...given: unknown[]) => {
      const count = spec.arguments?.length ?? 0;
      const options = command.optsWithGlobals<Record<string, unknown>>();
      parsed = { spec, args: given.slice(0, count) as (string | undefined)[], options, flags: flagsOf(options) };
    });
  }
  program.parse(argv, { from: 'user' });
  return parsed;
}

function globalOptions(command: Command): void {
  command
    .option('--json', 'one JSON document on stdout')
    .option('-C <dir>', "the project's folder")
    .option('--config <file>', 'a configuration file, or none')
    .option('--agent <id>', 'the agent for every role')
    .option('--quiet', 'no progress')
    .option('--verbose', 'what the engine logs')
    .option('--no-color', 'no colour');
}

/** `plan show` lives below `plan`; groups are made on the way. */
function subcommand(program: Command, spec: CommandSpec, heading: string): Command {
  const words = spec.name.split(' ');
  const last = words.at(-1) ?? spec.name;
  const parent = words
    .slice(0, -1)
    .reduce(
      (at, word) => at.commands.find((known) => known.name() === word) ?? group(at, word).helpGroup(heading),
      program,
    );
  const command = parent
    .command(last, { hidden: spec.hidden === true })
    .description(spec.description)
    .exitOverride();
  if (parent === program) command.helpGroup(heading);
  if (spec.note !== undefined) command.addHelpText('after', `\n${spec.note}`);
  for (const alias of spec.aliases ?? []) command.alias(alias);
  for (const argument of spec.arguments ?? []) command.argument(argument.usage, argument.description);
  for (const [flags, description] of spec.options ?? []) command.option(flags, description);
  globalOptions(command);
  return command;
}

function flagsOf(options: Readonly<Record<string, unknown>>): GlobalFlags {
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined);
  return {
    json: options['json'] === true,
    quiet: options['quiet'] === true,
    verbose: options['verbose'] === true,
    color: options['color'] !== false,
    directory: text('C'),
    config: text('config'),
    agent: text('agent'),
  };
}
