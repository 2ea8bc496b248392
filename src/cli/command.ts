/** A subcommand: its arguments, its flags as data, and the function that runs it. */
import type { Resource } from '#src/api/resources.ts';
import type { ConnectionFlags, Context } from './context.ts';

/** The objects whose names Tab proposes. */
export type Completes =
  | Resource
  | 'namespace'
  | 'configuration'
  | 'session'
  | 'backupsession'
  | 'restore-point'
  /** A session that volumes are kept of. */
  | 'kept-session'
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
  /** What Tab proposes as the value. */
  readonly completes?: Completes;
  /** Not shown in the help text: a spelling of another program, accepted for compatibility. */
  readonly hidden?: boolean;
}

export type Flag =
  | (FlagText & {
      readonly type: 'string';
      readonly default?: string;
      /** `jsonpath=TEMPLATE`: any text may stand in place of the placeholder. */
      readonly choices?: readonly string[];
      /** Throws 'usage' for a value that has the right form, but is not valid. */
      readonly check?: (value: string) => void;
      /** A value that means the same as no flag. */
      readonly absent?: string;
    })
  /** `--wait`, `--wait=false`; false if it has no default. */
  | (FlagText & { readonly type: 'boolean'; readonly default?: boolean })
  /** A whole number. */
  | (FlagText & {
      readonly type: 'number';
      readonly default?: number;
      readonly minimum?: number;
      readonly maximum?: number;
    })
  /** `90s`, `1h30m`. The default is written in the same way; the value is in milliseconds. `positive`: 1ms or more. */
  | (FlagText & { readonly type: 'duration'; readonly default?: string; readonly positive?: true })
  /** May be repeated; with `commas`, each value may be a comma-separated list. Empty if not given. */
  | (FlagText & { readonly type: 'string[]'; readonly commas?: boolean });

/** By name in camel case: `snapshotClass` is `--snapshot-class` on the command line. */
export type Flags = Readonly<Record<string, Flag>>;

type Optional<F extends Flag, T> = F extends { readonly default: string | number | boolean }
  ? T
  : T | undefined;

/** `jsonpath=` of the choice `jsonpath=TEMPLATE`; undefined of a choice without a placeholder. */
export function beforePlaceholder(choice: string): string | undefined {
  const equals = choice.indexOf('=') + 1;
  return equals === 0 ? undefined : choice.slice(0, equals);
}

/** `jsonpath=${string}` for the choice `jsonpath=TEMPLATE`. */
export type Chosen<C extends string> = C extends `${infer Name}=${string}` ? `${Name}=${string}` : C;

export type FlagValue<F extends Flag> = F extends { readonly type: 'string' }
  ? Optional<F, F extends { readonly choices: readonly (infer C extends string)[] } ? Chosen<C> : string>
  : F extends { readonly type: 'boolean' }
    ? boolean
    : F extends { readonly type: 'number' | 'duration' }
      ? Optional<F, number>
      : readonly string[];

export interface Args<F extends Flags = Flags> {
  /** The positional arguments in order, without the command's own name. */
  readonly words: readonly string[];
  /** The arguments after `--`; undefined without `--`. If the command does not declare `after`, they are in `words`. */
  readonly after: readonly string[] | undefined;
  readonly flags: { readonly [K in keyof F]: FlagValue<F[K]> };
  /** For `context.cluster(...)`. */
  readonly connection: ConnectionFlags;
  /** `-v`; 0 if not given. */
  readonly verbosity: number;
}

export interface Positionals {
  /** As in the usage line: `TYPE/NAME`. */
  readonly name: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** `target` means `TYPE/NAME`; an array lists the allowed words. */
  readonly completes?: Completes | 'target' | readonly string[];
}

export interface Command<F extends Flags = Flags> {
  readonly name: string;
  /** After `kubectl stash`: `snapshot TYPE/NAME... [flags]`. */
  readonly usage: string;
  /** Paragraphs for `--help`; wrapped to 80 columns. */
  readonly description: string;
  /** Each is a comment line (`# Take a snapshot`) and the commands under it, separated by newlines. */
  readonly examples: readonly string[];
  readonly flags: F;
  /** Undefined if the command takes no arguments. */
  readonly positionals?: Positionals;
  /** Takes the arguments after `--` as `args.after`. */
  readonly after?: boolean;
  /**
   * Resolves when the command is done. The exit code is that of the program that it ran, or 1 if `doctor` found a
   * failure, else undefined. Every failure of the command itself is a thrown StashError.
   */
  run(args: Args<F>, context: Context): Promise<number | undefined>;
}

/** A command's entry in the list of commands. The command itself is loaded only when it is used. */
export interface CommandEntry {
  /** One word, or two: `create restoresession`. */
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** For programs, not users: not shown in the overview. */
  readonly hidden?: boolean;
  load(): Promise<Command>;
}

/**
 * Types `args` in `run` from the flags:
 * `defineCommand({ name: 'list', ..., flags: { ...allNamespacesFlag, output: outputFlag('objects') }, async run(args) {} })`
 * (shared flags are in `flags.ts` and `output.ts`). Each file in `src/commands` exports the result as `command`. The
 * one-line summary is in `src/commands/index.ts`.
 */
export function defineCommand<const F extends Flags>(command: Command<F>): Command<F> {
  return command;
}
