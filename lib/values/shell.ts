/** Quotes a word, so that a shell takes it as one argument, whatever its characters. */
export function quoteWord(word: string): string {
  // A # begins a comment only at the start of a word.
  if (/^[\w@%+=:,./-][\w@%+=:,./#-]*$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Writes a command for a shell: its words, quoted where needed. */
export function shellCommand(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}
