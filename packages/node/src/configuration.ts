import { ConductorError, defaultLimits } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { ConductorConfig } from '@conductor/core/plugin';
import { loadConfig } from './load-config.js';

/** Options win over variables, and variables over the file, key by key. Throws CONFIG_INVALID, FILE_NOT_FOUND. */
export async function configurationOf<O extends { readonly limits?: Partial<Limits> | undefined }>(
  root: string,
  options: O,
  { file, command }: { readonly file: string | false | undefined; readonly command: string },
) {
  const fromFile = file === false ? {} : await loadConfig(root, { file, command });
  const limits = limitsOf(fromFile, options);
  return { fromFile, config: { ...fromFile, ...fromEnvironment(), ...defined(options), limits } };
}

/**
 * What variables say; they win over the file, and options over them. An empty one says nothing, as build servers set it. A
 * wrong value is refused where it is used.
 */
function fromEnvironment(): Pick<ConductorConfig, 'store' | 'bus'> {
  const said = (name: string) => process.env[name] || undefined;
  return defined({
    store: said('CONDUCTOR_STORE') as ConductorConfig['store'],
    bus: said('CONDUCTOR_BUS') as ConductorConfig['bus'],
  });
}

/** Later ones win: file, then environment, then options. */
function limitsOf(fromFile: ConductorConfig, options: Pick<ConductorConfig, 'limits'>): Partial<Limits> {
  const prefix = 'CONDUCTOR_LIMITS__';
  const names = new Map(Object.keys(defaultLimits).map((name) => [name.toUpperCase(), name]));
  const environment: Record<string, number> = {};
  for (const [key, value] of Object.entries(process.env)) {
    if (!key.startsWith(prefix)) continue;
    const name = names.get(key.slice(prefix.length).replaceAll('_', '').toUpperCase());
    if (name === undefined) throw new ConductorError('CONFIG_INVALID', `${key} names no limit`);
    environment[name] = Number(value);
  }
  return { ...fromFile.limits, ...environment, ...options.limits };
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T; // only absent keys go
}
