/** Computes a session's phase from the phases of its claims. */

export type ClaimPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

/** Returns Running until every claim is final, then the worst phase of a claim. A session without claims has failed. */
export function rollUp(phases: readonly ClaimPhase[]): 'Running' | 'Succeeded' | 'Failed' | 'Unknown' {
  if (phases.some((phase) => phase === 'Pending' || phase === 'Running')) return 'Running';
  if (phases.length === 0 || phases.includes('Failed')) return 'Failed';
  return phases.includes('Unknown') ? 'Unknown' : 'Succeeded';
}
