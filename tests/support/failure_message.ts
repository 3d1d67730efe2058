import { assertEquals, assertRejects } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";

/** The message of the `Failure` with which work rejects, which has this exit code. */
export async function failureMessage(work: Promise<unknown>, exit: number): Promise<string> {
  const failure = await assertRejects(() => work, Failure);
  assertEquals(failure.exit, exit, failure.message);
  return failure.message;
}
