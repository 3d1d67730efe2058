/**
 * Waits until something is so. Throws if a process that has to do it ends before, with what it
 * printed if nobody else reads that.
 */
export async function waitUntil(
  isSo: () => boolean | Promise<boolean>,
  child: Deno.ChildProcess,
): Promise<void> {
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  while (!await isSo()) {
    if (hasEnded) throw new Error(await wordsOf(child));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function wordsOf(child: Deno.ChildProcess): Promise<string> {
  if (child.stderr.locked) return `process ${child.pid} has ended`;
  const { stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}
