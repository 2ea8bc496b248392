/** Label selectors as users write them after `-l`, for labels that the API server does not have any more. */
import type { LabelSelector } from '#src/api/kubernetes.ts';
import { StashError } from '#src/errors.ts';

type Expression = NonNullable<LabelSelector['matchExpressions']>[number];

const key = String.raw`(?<key>[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?)`;
const value = String.raw`(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?`;
const exists = new RegExp(`^(?<not>!?)\\s*${key}$`);
const equals = new RegExp(`^${key}\\s*(?<operator>==|=|!=)\\s*(?<values>${value})$`);
const inSet = new RegExp(
  `^${key}\\s+(?<operator>in|notin)\\s*\\(\\s*(?<values>${value}(?:\\s*,\\s*${value})*)\\s*\\)$`,
);

/** Reads `app=web,tier!=cache,zone in (a,b),!legacy`. Throws 'usage' for any other text, and for `<` and `>`. */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.trim() === '') return {};
  return { matchExpressions: text.split(/,(?![^(]*\))/).map((part) => expression(part.trim())) };
}

function expression(part: string): Expression {
  const presence = exists.exec(part)?.groups;
  if (presence) {
    return { key: presence['key'] ?? '', operator: presence['not'] === '!' ? 'DoesNotExist' : 'Exists' };
  }
  const found = (equals.exec(part) ?? inSet.exec(part))?.groups;
  if (found === undefined) {
    throw new StashError('usage', `"${part}" is not part of a label selector`, {
      hint: 'write requirements as in app=web,tier!=cache,zone in (a,b),!legacy',
    });
  }
  const { key: name = '', operator = '', values = '' } = found;
  return {
    key: name,
    operator: operator === '!=' || operator === 'notin' ? 'NotIn' : 'In',
    values: values.split(',').map((each) => each.trim()),
  };
}
