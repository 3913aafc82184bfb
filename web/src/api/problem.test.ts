import { describe, expect, it } from 'vitest';
import { kindOf, readProblem } from './problem';

describe('problems', () => {
  it.each([
    [401, 'signed_out'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [409, 'conflict'],
    [422, 'invalid'],
    [400, 'invalid'],
    [503, 'unavailable'],
    [429, 'unavailable'],
    [500, 'fault'],
  ])('%d is %s', (status, kind) => expect(kindOf(status)).toBe(kind));

  it('reads a document in both languages', () => {
    const problem = readProblem(422, {
      title: 'Invalid',
      title_zh: '输入有误',
      detail: 'one field is wrong',
      errors: [{ field: 'on', value: '2099-01-01', reason: { zh: '日期在将来', en: 'the day is in the future' } }],
    });
    expect(problem.kind).toBe('invalid');
    expect(problem.titleText).toEqual({ zh: '输入有误', en: 'Invalid' });
    expect(problem.detailText.zh).toBe('one field is wrong');
    expect(problem.errors[0]?.reason.zh).toBe('日期在将来');
  });

  it('keeps the current record of a conflict', () => {
    expect(readProblem(409, { title: 'Conflict', current: { version: 7 } }).current).toEqual({ version: 7 });
  });

  it.each([null, '', '<html>', [], { errors: 'no' }, { errors: [null, {}] }])('survives the body %j', (body) => {
    const problem = readProblem(502, body);
    expect(problem.kind).toBe('unavailable');
    expect(problem.errors).toEqual([]);
  });
});
