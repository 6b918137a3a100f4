import { toConductorError } from '@conductor/core';
import type { Project } from '@conductor/node';
import type { CommandContext } from './command.js';

/** Opens the project, works with it, closes it. An error of the work wins over one of the close, which is then only told. */
export async function withProject<T>(
  { open, out }: Pick<CommandContext, 'open' | 'out'>,
  work: (project: Project) => Promise<T>,
  options?: Parameters<CommandContext['open']>[0],
): Promise<T> {
  const project = await open(options);
  let result: T;
  try {
    result = await work(project);
  } catch (error) {
    await project.close().catch((second: unknown) => tellOnce(out, error, second));
    throw error;
  }
  await project.close();
  return result;
}

/** The same for a command that changes nothing: a project without a log has none afterwards either. */
export function lookAtProject<T>(
  context: Pick<CommandContext, 'open' | 'out'>,
  work: (project: Project) => Promise<T>,
): Promise<T> {
  return withProject(context, work, { looking: true });
}

/** The same trouble (a full disk) mostly fails both, and is told once. */
function tellOnce(out: Pick<CommandContext['out'], 'note'>, error: unknown, second: unknown): void {
  if (toConductorError(error).code !== toConductorError(second).code)
    out.note(`The project could not be closed in order: ${String(second)}`);
}
