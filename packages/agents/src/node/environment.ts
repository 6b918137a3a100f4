/**
 * What of this process's environment a command sees without being told: where programs and the home lie, language, time
 * zone, terminal, temporary files, proxies and certificates. No keys, no tokens, no NODE_OPTIONS: what else an agent needs
 * is named in `passEnv`, or given in `env`.
 */
const passed =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLORTERM|NO_COLOR|CI|TMPDIR|TMP|TEMP|XDG_[A-Z_]+|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|(?:HTTPS?|NO|ALL|FTP)_PROXY|(?:https?|no|all|ftp)_proxy)$/;

/** The environment of a command. Later ones win: what is passed, then `env`. */
export function commandEnvironment(
  env: Readonly<Record<string, string>> = {},
  passEnv: readonly string[] = [],
): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => passed.test(name) || passEnv.includes(name));
  const result: Record<string, string> = {};
  for (const [name, value] of [...inherited, ...Object.entries(env)]) if (value !== undefined) result[name] = value;
  return result;
}
