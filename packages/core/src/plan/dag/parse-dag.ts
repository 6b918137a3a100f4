import { readCanonicalDag } from './canonical-dag.js';
import type { ParsedDag } from './dag-block.js';
import { parseYamlDag } from './yaml-dag.js';

/**
 * Reads the YAML of a `dag:` block with a real YAML parser (block or flow style, any quoting). Every scalar is taken as text, so that
 * `1.10` stays an id. Total: aliases, deep nesting, wrong types and syntax errors are findings, on lines counted from `firstLine`.
 */
export function parseDag(yaml: string, firstLine = 1): ParsedDag {
  const lines = withLineFeeds(yaml);
  const canonical = readCanonicalDag(lines);
  if (canonical !== undefined) return { block: canonical, findings: [] };
  return parseYamlDag(lines, firstLine);
}

/** Old line ends as the YAML parser knows them; every offset stays. */
export function withLineFeeds(yaml: string): string {
  return yaml.includes('\r') ? yaml.replaceAll(/\r(?!\n)/g, '\n') : yaml;
}
