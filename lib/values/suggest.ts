/**
 * Returns the word of `words` with the fewest single-letter edits from `word`. `undefined` if these
 * exceed a third of its letters (at least one).
 */
export function closest(word: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const edits = editDistance(word, candidate);
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/**
 * Returns the end of a message about a word that is not in `words`: `; did you mean resnet8?`.
 * Empty if no word is near.
 */
export function didYouMean(word: string, words: Iterable<string>): string {
  const suggestion = closest(word, words);
  return suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
}

/**
 * Counts the letters to insert, delete, replace, or swap with the next one, to turn `a` into `b`.
 */
export function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [above, row] = [rows[i - 1], [i]];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(
        above[j] + 1,
        row[j - 1] + 1,
        above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
