/** `deno task exp` without the type check, which takes ten seconds of a module that is new. */
import { runExp } from "../../lib/commands/exp.ts";
import { printLine, runCommand } from "../../lib/terminal/command.ts";
import { skipTypeCheck } from "./toy_project.ts";

if (import.meta.main) await runCommand(() => runExp(Deno.args, printLine, skipTypeCheck));
