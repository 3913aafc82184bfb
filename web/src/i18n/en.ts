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

import type { Key } from './zh';
/** English, complete: the types of `word/` hold that. */
export const en: Record<Key, string> = {
  ...frame.en,
  ...sign.en,
  ...flag.en,
  ...card.en,
  ...group.en,
  ...save.en,
  ...review.en,
  ...rental.en,
  ...cover.en,
  ...form.en,
  ...data.en,
  ...hazard.en,
  ...map.en,
  ...word.en,
  ...account.en,
  ...audit.en,
};
