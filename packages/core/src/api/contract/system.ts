import type { Call } from './calls.js';

export interface SystemApi {
  health(o?: Call): Promise<Health>;
  doctor(o?: Call): Promise<{ ok: boolean; checks: readonly DoctorCheck[] }>;
}

export interface Health {
  status: 'ok' | 'starting' | 'closing';
  apiVersion: 1;
  version: string;
  seq: number;
}

export interface DoctorCheck {
  id: string;
  status: 'ok' | 'warn' | 'fail' | 'skip';
  message: string;
  hint?: string;
}
