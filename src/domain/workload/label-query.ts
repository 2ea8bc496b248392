/** Parses label queries as `kubectl -l` does, for labels by which the API server cannot select. */
import { StashError } from '#src/errors.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelQuery = (labels: Labels) => boolean;

const key = '(?:[A-Za-z0-9][-A-Za-z0-9.]*/)?[A-Za-z0-9][-\\w.]*';
const requirement = new RegExp(
  `\\s*(?:!\\s*(?<absent>${key})|(?<key>${key})(?:\\s*(?<equals>==?|!=)\\s*(?<value>[-\\w.]*)|\\s+(?<set>in|notin)\\s*\\((?<values>[-\\w.,\\s]*)\\)|\\s*(?<order>[<>])\\s*(?<bound>-?\\d+))?)\\s*(?:,(?=\\s*\\S)|$)`,
  'y',
);
const longestQuery = 10_000;

/** `app=web,tier!=cache,env in (a,b),!legacy`; an empty query matches all. @throws StashError 'usage' */
export function parseLabelQuery(text: string): LabelQuery {
  const requirements: LabelQuery[] = [];
  let end = 0;
  while (end < text.length && text.trim() !== '') {
    requirement.lastIndex = end;
    const match = text.length > longestQuery ? null : requirement.exec(text);
    if (!match?.groups) {
      throw new StashError('usage', `--selector: "${text}" is not a label selector`, {
        hint: "write it as for kubectl: app=web,tier!=cache, 'env in (prod,test)'",
      });
    }
    requirements.push(queryOf(match.groups));
    end += match[0].length;
  }
  return (labels) => requirements.every((each) => each(labels));
}

function queryOf(groups: Readonly<Record<string, string | undefined>>): LabelQuery {
  const { absent, key = '', equals, value = '', set, values = '', order, bound } = groups;
  const labelOf = (labels: Labels, name: string) => (Object.hasOwn(labels, name) ? labels[name] : undefined);
  if (absent !== undefined) return (labels) => labelOf(labels, absent) === undefined;
  if (equals !== undefined) return (labels) => (labelOf(labels, key) === value) === (equals !== '!=');
  if (set !== undefined) {
    const wanted = values.split(',').map((each) => each.trim());
    return (labels) => {
      const label = labelOf(labels, key);
      return (label !== undefined && wanted.includes(label)) === (set === 'in');
    };
  }
  if (order === undefined) return (labels) => labelOf(labels, key) !== undefined;
  return (labels) => {
    const number = Number(labelOf(labels, key) ?? NaN);
    return order === '>' ? number > Number(bound) : number < Number(bound);
  };
}
