import { Failure } from "../values/failure.ts";

/**
 * Picks what is there. Says with `say` why each other one is left out. Throws the first `Failure` if
 * nothing is there.
 */
export function pickPresent<T>(
  found: readonly (T | Failure)[],
  say: (line: string) => void,
): T[] {
  const present: T[] = [];
  const absent: Failure[] = [];
  for (const one of found) {
    if (one instanceof Failure) absent.push(one);
    else present.push(one);
  }
  if (present.length === 0 && absent.length > 0) throw absent[0];
  for (const { message } of absent) say(`left out: ${message}`);
  return present;
}
