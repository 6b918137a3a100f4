import type { Finding } from '../../kernel/finding.js';
import type { PlanEdit, PlanJson } from '../../plan/model/plan.js';
import type { Call, Write } from './calls.js';

export interface PlansApi {
  get(trackId: string, o?: Call): Promise<PlanDocument>;
  /** `ifMatch` is the plan's revision, 0 = there is none; without it `PRECONDITION_REQUIRED`. */
  submit(trackId: string, input: { text: string }, o: Write & { ifMatch: number }): Promise<PlanDocument>;
  /** All or none. */
  edit(trackId: string, edits: readonly PlanEdit[], o?: Write): Promise<PlanDocument>;
  check(
    input: { trackId: string } | { text: string },
    o?: Call,
  ): Promise<{ ok: boolean; findings: readonly Finding[] }>;
  graph(trackId: string, o?: Call): Promise<PlanGraph>;
}

export interface PlanDocument {
  trackId: string;
  revision: number;
  text: string;
  plan: PlanJson;
  findings: readonly Finding[];
}

export interface PlanGraph {
  nodes: readonly { id: string; level: number; state: string; files: readonly string[]; critical: boolean }[];
  edges: readonly (readonly [string, string])[];
  mermaid: string;
}
