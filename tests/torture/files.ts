/** The paths of all files below a folder. */
export function filesBelow(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : `${folder}/${name}`
  ).sort();
}
