import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { Failure } from "../values/failure.ts";

/**
 * The exports of a module, by its file's path. Rejects with a `Failure` (exit 2) where it does not
 * compile or throws, with what it said in one piece; a `Failure` that it throws keeps its exit
 * code.
 */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { href } = pathToFileURL(path);
  try {
    return await import(href);
  } catch (cause) {
    if (cause instanceof Failure) {
      throw new Failure(cause.exit, `${path}: ${cause.message}`, { cause });
    }
    throw new Failure(2, `cannot import ${path}: ${said(cause, href)}`, { cause });
  }
}

/** An error's message, and the line of the module where it came up. */
function said(cause: unknown, href: string): string {
  if (!(cause instanceof Error)) return String(cause);
  const message = stripVTControlCharacters(cause.message);
  const line = cause.stack?.match(new RegExp(`${RegExp.escape(href)}:(\\d+)`))?.[1];
  return line && !message.includes(href) ? `${message} (line ${line})` : message;
}
