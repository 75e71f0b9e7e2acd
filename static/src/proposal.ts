// A proposal under review: which class it would give, and which of the places looked at were struck out.

import type { ProposalMade } from "./protocol_queue";

export interface Proposal {
  readonly made: ProposalMade;
  /** The class that would be given; null until one is chosen. */
  readonly class: number | null;
  readonly struck: ReadonlySet<number>;
  /** It was to be accepted before a class was chosen. */
  readonly classless: boolean;
}

/** Nothing is chosen but what the user has named: what the head believes of most would be accepted by a slip. */
export function reviewing(made: ProposalMade, chosen: number | null): Proposal {
  return { made, class: chosen, struck: new Set(), classless: false };
}

/** Strike out a place, or take it in again. */
export function struckOut(proposal: Proposal, row: number): Proposal {
  const struck = new Set(proposal.struck);
  if (!struck.delete(row)) struck.add(row);
  return { ...proposal, struck };
}

/** The rows that accepting would label. */
export function accepted(proposal: Proposal): number[] {
  return proposal.made.rows.filter((row) => !proposal.struck.has(row));
}
