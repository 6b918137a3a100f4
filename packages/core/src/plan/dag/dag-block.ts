import type { Finding } from '../../kernel/finding.js';

/** One task of the `dag:` block, in the published names. */
export interface DagNode {
  readonly id: string;
  readonly name?: string;
  readonly type?: string;
  readonly files: readonly string[];
  readonly depends_on: readonly string[];
  readonly phase?: number;
  readonly estimated_duration?: string;
  readonly acceptance?: string;
  readonly task_instructions?: string;
}

/** Tasks of one level that may run side by side. */
export interface DagGroup {
  readonly id: string;
  readonly tasks: readonly string[];
  /** True: no file is touched by two of its tasks. Absent in a file that does not say. */
  readonly conflict_free?: boolean;
  readonly shared_resources?: readonly string[];
  readonly coordination_strategy?: string;
}

/** What stands below `dag:`. */
export interface DagBlock {
  readonly nodes: readonly DagNode[];
  readonly parallel_groups: readonly DagGroup[];
}

/** A block as read. */
export interface ParsedDag {
  readonly block: DagBlock;
  readonly findings: readonly Finding[];
}
