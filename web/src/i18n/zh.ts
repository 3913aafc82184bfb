import * as account from './word/account';
import * as audit from './word/audit';
import * as card from './word/card';
import * as cover from './word/cover';
import * as flag from './word/flag';
import * as group from './word/group';
import * as hazard from './word/hazard';
import * as data from './word/data';
import * as form from './word/form';
import * as frame from './word/frame';
import * as map from './word/map';
import * as rental from './word/rental';
import * as review from './word/review';
import * as save from './word/save';
import * as sign from './word/sign';
import * as word from './word/word';

/** Chinese: the product's first language. Each file in `word/` says its words in both. */
export const zh = {
  ...frame.zh,
  ...sign.zh,
  ...flag.zh,
  ...card.zh,
  ...group.zh,
  ...save.zh,
  ...review.zh,
  ...rental.zh,
  ...cover.zh,
  ...form.zh,
  ...data.zh,
  ...hazard.zh,
  ...map.zh,
  ...word.zh,
  ...account.zh,
  ...audit.zh,
} as const;

export type Key = keyof typeof zh;
