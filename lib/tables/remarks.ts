import type { PaperTable } from "./paper.ts";

/** What the paper leaves open of a table's epoch; `undefined` where it says it. */
export function unsaid({ selection }: PaperTable): string | undefined {
  if (selection !== null) return undefined;
  return "The paper does not say whether it took the last or the best epoch; the difference is to our last.";
}

/** What stands below a table: which runs its numbers are over, and its notes. */
export function remarks({ aggregate, notes }: PaperTable): string[] {
  const runs = aggregate === null
    ? "The paper does not say how many runs its numbers are of."
    : `The paper's numbers: ${aggregate}.`;
  return [runs, ...notes];
}
