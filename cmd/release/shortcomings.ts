/** Finds what keeps a commit from being released. */

export interface Commit {
  /** The version in package.json, as `v1.2.3`. */
  readonly version: string;
  /** Output of `git status --porcelain`. */
  readonly changes: string;
  /** Tags of the commit, one per line. */
  readonly tags: string;
  readonly changelog: string;
  /** Other files that name the version: their path, and the version that they name, as `1.2.3`. */
  readonly named: ReadonlyMap<string, string>;
}

/** Returns one line per reason why the commit cannot be released; none if it can. */
export function shortcomings({ version, changes, tags, changelog, named }: Commit): string[] {
  const number = version.slice(1);
  const found: string[] = [];
  if (changes !== '') found.push('there are uncommitted changes (git status)');
  if (!tags.split('\n').includes(version))
    found.push(`the commit has no tag ${version} (git tag -s ${version})`);
  if (!changelog.split('\n').some((line) => line.startsWith('#') && line.split(/[ [\]]/).includes(number)))
    found.push(`CHANGELOG.md has no heading for ${number}`);
  for (const [path, other] of named)
    if (other !== number) found.push(`${path} has version ${other}, and package.json ${number}`);
  return found;
}
