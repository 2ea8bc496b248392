/** What a subcommand is: its words, its flags as data, and what it does with them. */
import type { Resource } from '#src/api/resources.ts';
import type { ConnectionFlags, Context } from './context.ts';

/** What Tab proposes: names of a kind, or of what the word says. */
export type Completes =
  | Resource
  | 'namespace'
  | 'configuration'
  | 'session'
  | 'backupsession'
  | 'restore-point'
  | 'claim'
  | 'snapshot-class'
  | 'storage-class';

interface FlagText {
  /** One sentence for the help text, without the default. */
  readonly description: string;
  /** One letter: `o` for `-o`. */
  readonly alias?: string;
  /** Placeholder of the value in the help text: `CLASS`. */
  readonly valueName?: string;
  /** Of the value. */
  readonly completes?: Completes;
  /** Left out of the help text: another program's spelling. */
  readonly hidden?: boolean;
}

export type Flag =
  | (FlagText & {
      readonly type: 'string';
      readonly default?: string;
      readonly choices?: readonly string[];
      /** A value that counts as left out. */
      readonly absent?: string;
    })
  /** `--wait`, `--wait=false`; false where it has no default. */
  | (FlagText & { readonly type: 'boolean'; readonly default?: boolean })
  /** A whole number. */
  | (FlagText & { readonly type: 'number'; readonly default?: number; readonly minimum?: number })
  /** `90s`, `1h30m`; the default is written so too, the value is in milliseconds. */
  | (FlagText & { readonly type: 'duration'; readonly default?: string })
  /** May be repeated; with `commas`, each value may be a comma list. Empty where it is not given. */
  | (FlagText & { readonly type: 'string[]'; readonly commas?: boolean });

/** By name in camel case: `snapshotClass` reads `--snapshot-class` on the command line. */
export type Flags = Readonly<Record<string, Flag>>;

type Optional<F extends Flag, T> = F extends { readonly default: string | number | boolean }
  ? T
  : T | undefined;

export type FlagValue<F extends Flag> = F extends { readonly type: 'string' }
  ? Optional<F, F extends { readonly choices: readonly (infer C)[] } ? C : string>
  : F extends { readonly type: 'boolean' }
    ? boolean
    : F extends { readonly type: 'number' | 'duration' }
      ? Optional<F, number>
      : readonly string[];

export interface Args<F extends Flags = Flags> {
  /** What is neither a flag nor a flag's value, in order, without the command's own name. */
  readonly words: readonly string[];
  /** What follows `--`; undefined where there is none. Only where the command declares `after`, else it is in `words`. */
  readonly after: readonly string[] | undefined;
  readonly flags: { readonly [K in keyof F]: FlagValue<F[K]> };
  /** For `context.cluster(...)`. */
  readonly connection: ConnectionFlags;
  /** `-v`; 0 where it is not given. */
  readonly verbosity: number;
}

export interface Positionals {
  /** As the usage line says it: `TYPE/NAME`. */
  readonly name: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** `target`: `TYPE/NAME`; an array: one of these words. */
  readonly completes?: Completes | 'target' | readonly string[];
}

export interface Command<F extends Flags = Flags> {
  readonly name: string;
  /** After `kubectl stash`: `snapshot TYPE/NAME... [flags]`. */
  readonly usage: string;
  /** Paragraphs for `--help`; wrapped to 80 columns. */
  readonly description: string;
  /** Each a comment line (`# Take a snapshot`) and the commands under it, separated by newlines. */
  readonly examples: readonly string[];
  readonly flags: F;
  /** Left out: the command takes no words. */
  readonly positionals?: Positionals;
  /** Takes what follows `--` as `args.after`. */
  readonly after?: boolean;
  /**
   * Resolves when it is done, with an exit code where it has one to give: that of the program that it ran, or 1 where it
   * was asked for what is wrong and found something. Every other end is a thrown StashError.
   */
  run(args: Args<F>, context: Context): Promise<number | undefined>;
}

/** A command and what the list of commands says of it; loaded only when it is asked for. */
export interface CommandEntry {
  /** One word, or two: `create restoresession`. */
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** For programs, not people: left out of the overview. */
  readonly hidden?: boolean;
  load(): Promise<Command>;
}

/**
 * Types `args` in `run` from the flags:
 * `defineCommand({ name: 'list', ..., flags: { ...allNamespacesFlag, output: outputFlag('objects') }, async run(args) {} })`
 * (ready-made flags are in `flags.ts` and `output.ts`). A file in `src/commands` exports the result as `command`; its one-line summary
 * is in `src/commands/index.ts`.
 */
export function defineCommand<const F extends Flags>(command: Command<F>): Command<F> {
  return command;
}
