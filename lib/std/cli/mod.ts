/**
 * What this project uses of JSR's `@std/cli`.
 *
 * @module
 */
export * from "./parse_args.ts";
