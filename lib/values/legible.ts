/** A text of a file for messages: in quotes where it has letters that names seldom have, and cut where it is long. */
export function legible(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return /^[\w.…/-]+$/.test(short) ? short : JSON.stringify(short);
}
