import type { UtcOffset } from '#src/report/time.ts';

const format = new Intl.DateTimeFormat('sv-SE', {
  dateStyle: 'short',
  timeStyle: 'medium',
  timeZone: 'Europe/Berlin',
});

export const berlin: UtcOffset = (time) => {
  const shown = Date.parse(`${format.format(time).replace(' ', 'T')}Z`);
  return Math.round((shown - time.getTime()) / 60_000);
};
