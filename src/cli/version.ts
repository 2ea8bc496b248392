import packageJson from '../../package.json' with { type: 'json' };

/** Ours, as kubectl writes versions: `v0.1.0`. */
export const clientVersion = `v${packageJson.version}`;
