import { ConductorError } from '@conductor/core';

/** Where a bus is, as it was written in one URL. */
export interface NatsPlace {
  readonly servers: readonly string[];
  /** The path of the URL: the part of the server that this bus uses. */
  readonly prefix?: string;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly tls: boolean;
}

/**
 * Reads `nats://[user:password@|token@]host[:port][,host[:port]…][/prefix]`; `tls://` insists on TLS. Throws
 * CONFIG_INVALID, and no message of it holds the password.
 */
export function parseNatsUrl(text: string): NatsPlace {
  const match = /^(nats|tls):\/\/(?:([^@/]*)@)?([^@/?#]+)(?:\/([^/?#]*))?$/u.exec(text);
  const [, scheme, credentials, hosts = '', prefix] = match ?? [];
  if (!match || hosts.split(',').some((host) => !hostShape.test(host)))
    throw new ConductorError('CONFIG_INVALID', 'The address of a NATS bus cannot be read', {
      hint: `Write it as nats://host:4222 or nats://user:password@host:4222/prefix; ${escapes}`,
    });
  return {
    servers: hosts.split(','),
    tls: scheme === 'tls',
    ...(prefix !== undefined && prefix !== '' && { prefix }),
    ...(credentials !== undefined && credentials !== '' && credentialsOf(credentials)),
  };
}

const escapes = 'in a password, / is %2F, @ is %40, : is %3A and % is %25.';
const hostShape = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/u;

function credentialsOf(text: string): Pick<NatsPlace, 'user' | 'pass' | 'token'> {
  const colon = text.indexOf(':');
  if (colon === -1) return { token: decoded(text) };
  return { user: decoded(text.slice(0, colon)), pass: decoded(text.slice(colon + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new ConductorError('CONFIG_INVALID', 'The credentials of a NATS bus are not percent-encoded', {
      hint: `Write them anew: ${escapes}`,
      cause,
    });
  }
}
