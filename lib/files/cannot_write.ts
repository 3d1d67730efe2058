import { Failure } from "../values/failure.ts";

/** The failure (exit 3) of writing to `path`: what the system said, without the number and the names that Deno adds. */
export function cannotWrite(path: string, cause: unknown): Failure {
  const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/ \(os error.*/s, "");
  return new Failure(3, `cannot write ${path}: ${reason}; make room or allow it there, then run the same again`, {
    cause,
  });
}
