import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { Failure } from "../values/failure.ts";

/**
 * Imports a module by its file's path. Rejects with a `Failure` (exit 2) with the error's message
 * if the module does not compile or throws. A `Failure` that it throws keeps its exit code. The
 * message names the module's line, if the stack of the error has one.
 */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { href } = pathToFileURL(path);
  try {
    return await import(href);
  } catch (cause) {
    if (cause instanceof Failure) {
      throw new Failure(cause.exit, `${path}: ${messageOf(cause, href)}`, { cause });
    }
    throw new Failure(2, `cannot import ${path}: ${messageOf(cause, href)}`, { cause });
  }
}

/** Formats an error's message, with the line of the module where it occurred. */
function messageOf(cause: unknown, href: string): string {
  if (!(cause instanceof Error)) return String(cause);
  const message = stripVTControlCharacters(cause.message);
  const line = cause.stack?.match(new RegExp(`${RegExp.escape(href)}:(\\d+)`))?.[1];
  return line && !message.includes(href) ? `${message} (line ${line})` : message;
}
