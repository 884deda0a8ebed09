// The goals of the project, and whether what was measured meets them. Pure.

import { figure } from './table.ts';

export type Goal = {
  goal: string;
  /** Undefined where the run did not measure it. */
  measured: number | undefined;
  unit: '×' | 'MB' | 'ms';
} & ({ at_least: number } | { at_most: number });

export type Verdict = 'met' | 'not met' | 'not measured';

export function judge(goal: Goal): Verdict {
  if (goal.measured === undefined || Number.isNaN(goal.measured)) return 'not measured';
  const is_met = 'at_least' in goal ? goal.measured >= goal.at_least : goal.measured <= goal.at_most;
  return is_met ? 'met' : 'not met';
}

function measuredText(measured: number, unit: string): string {
  return measured === Number.POSITIVE_INFINITY ? 'fell behind' : `${figure(measured)}${unit}`;
}

/** A row of the table: goal, limit, measured, verdict. */
export function goalRow(goal: Goal): [string, string, string, Verdict] {
  const limit = 'at_least' in goal ? `≥ ${goal.at_least}` : `≤ ${goal.at_most}`;
  const unit = goal.unit === '×' ? ' ×' : ` ${goal.unit}`;
  const measured = goal.measured === undefined ? '–' : measuredText(goal.measured, unit);
  return [goal.goal, `${limit}${unit}`, measured, judge(goal)];
}
