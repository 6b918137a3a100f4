/** One thing that an evaluation found. Text from plugins and agents is data: stripped of controls, capped. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly code?: string | undefined;
  readonly hint?: string | undefined;
  readonly path?: string | undefined;
  /** 1-based, as editors count. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly item?: string | undefined;
  readonly evidence?: readonly string[] | undefined;
}
